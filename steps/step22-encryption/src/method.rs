//! How a connection goes on after the exchange: the fields `crypto_provide` and `crypto_select`.

use std::fmt;

use serde::{Deserialize, Serialize};

/// How a connection goes on after the exchange.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub enum Method {
    /// In plain text, as if there had been no exchange.
    Plain,
    /// In RC4, going on where the exchange ended.
    Rc4,
}

impl Method {
    /// The bit that stands for it.
    pub fn bit(self) -> u32 {
        match self {
            Method::Plain => 1,
            Method::Rc4 => 2,
        }
    }
}

impl fmt::Display for Method {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Method::Plain => "plain text",
            Method::Rc4 => "RC4",
        })
    }
}

/// Several methods, a bit each. Bits that nobody has given a meaning are kept and ignored: a later
/// version may use them.
#[derive(Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub struct Methods(pub u32);

impl Methods {
    /// None.
    pub const NONE: Methods = Methods(0);
    /// Plain text only.
    pub const PLAIN: Methods = Methods(1);
    /// RC4 only.
    pub const RC4: Methods = Methods(2);
    /// Both.
    pub const BOTH: Methods = Methods(3);

    /// Whether this one is among them.
    pub fn contain(self, method: Method) -> bool {
        self.0 & method.bit() != 0
    }

    /// Those that are in both.
    pub fn and(self, other: Methods) -> Methods {
        Methods(self.0 & other.0)
    }

    /// The method that costs less: plain text before RC4. None, if neither is there.
    pub fn cheapest(self) -> Option<Method> {
        let mut by_cost = [Method::Plain, Method::Rc4].into_iter();
        by_cost.find(|&method| self.contain(method))
    }

    /// The method, if there is exactly one.
    pub fn only(self) -> Option<Method> {
        self.cheapest()
            .filter(|_| self.and(Methods::BOTH) != Methods::BOTH)
    }
}

impl fmt::Display for Methods {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self.and(Methods::BOTH) {
            Methods::PLAIN => "plain text",
            Methods::RC4 => "RC4",
            Methods::BOTH => "plain text or RC4",
            _ => "nothing we know",
        })
    }
}

impl fmt::Debug for Methods {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Methods({:#x})", self.0)
    }
}

#[cfg(test)]
mod tests {
    use pretty_assertions::assert_eq;

    use super::*;

    #[test]
    fn of_two_methods_the_one_that_costs_less_is_taken() {
        assert_eq!(Methods::BOTH.cheapest(), Some(Method::Plain));
        assert_eq!(Methods::RC4.cheapest(), Some(Method::Rc4));
        assert_eq!(Methods::NONE.cheapest(), None);
    }

    #[test]
    fn unknown_bits_are_no_method() {
        assert_eq!(Methods(0xffff_fffc).cheapest(), None);
        assert_eq!(Methods(0x12).only(), Some(Method::Rc4));
        assert_eq!(Methods(0x80).to_string(), "nothing we know");
    }

    #[test]
    fn two_methods_are_not_one() {
        assert_eq!(Methods::BOTH.only(), None);
        assert_eq!(Methods::PLAIN.only(), Some(Method::Plain));
        assert_eq!(Methods::NONE.only(), None);
    }
}

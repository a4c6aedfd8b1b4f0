// Chapters 1 and 2: any bytes as a tree. What is typed or dropped stays in the page.
playground.kinds.bencode = panel => {
    'use strict';
    const { ask, html, button, check, unseen, status, newId } = playground;

    const EXAMPLES = [
        ['a list', 'l4:spami42ee'],
        ['a dictionary', 'd3:agei12e4:name5:hello4:tagsl1:a1:bee'],
        ['keys out of order', 'd4:name5:hello3:agei12ee'],
        ['cut short', 'd4:name5:hello4:sizei12'],
        ['a false length', 'd4:name50:helloe'],
    ];
    const MOST = 8 * 1024 * 1024; // bytes of a file
    const MOST_ROWS = 1000; // as many lines are answered
    const MOST_TYPED = 4096; // bytes of a file that are shown in the box, where they can be changed
    const MOST_SHOWN = 1200; // bytes of the strip

    let input = new Uint8Array();
    let answer = null;
    let chosen = 0;

    // --- Bytes as text, with \x00 for what is no letter, and back.

    const letter = byte => {
        if (byte === 0x5c) return '\\\\';
        return byte >= 0x20 && byte < 0x7f ? String.fromCharCode(byte) : `\\x${byte.toString(16).padStart(2, '0')}`;
    };
    const written = (bytes, from, to) => Array.from(bytes.subarray(from, to), letter).join('');
    function read(text) {
        const plain = text.replace(/\r?\n/g, '');
        const parts = plain.match(/\\x[0-9a-fA-F]{2}|\\\\|[^]/gu) ?? [];
        const bytes = parts.map(part => {
            if (/^\\x/.test(part)) return [parseInt(part.slice(2), 16)];
            return [...new TextEncoder().encode(part === '\\\\' ? '\\' : part)];
        });
        return Uint8Array.from(bytes.flat());
    }
    const pairs = Array.from({ length: 256 }, (_, byte) => byte.toString(16).padStart(2, '0'));
    function hex(bytes) {
        let text = '';
        for (const byte of bytes) text += pairs[byte];
        return text;
    }

    // --- Where it comes from.

    const boxId = newId();
    const box = html('textarea', { id: boxId, rows: 3, spellcheck: 'false', autocapitalize: 'off', autocomplete: 'off' });
    box.addEventListener('input', () => take(read(box.value)));
    const fileId = newId();
    const file = html('input', { type: 'file', id: fileId });
    file.addEventListener('change', () => file.files[0] && drop(file.files[0]));
    const strict = check('strict: canonical bencode only', false, () => take(input));

    function type(bytes) {
        box.value = bytes.length <= MOST_TYPED ? written(bytes) : '';
        box.placeholder = bytes.length <= MOST_TYPED ? '' : 'The file is too long to be shown here; its tree is below.';
        take(bytes);
    }
    async function drop(dropped) {
        if (dropped.size > MOST) {
            says.show('This page takes files of up to 8 MiB; the program of this chapter takes more.', true);
            return;
        }
        type(new Uint8Array(await dropped.arrayBuffer()));
    }
    panel.addEventListener('dragover', event => event.preventDefault());
    panel.addEventListener('drop', event => {
        event.preventDefault();
        if (event.dataTransfer.files[0]) drop(event.dataTransfer.files[0]);
    });

    // --- What it is.

    const says = status();
    const strip = html('pre', { class: 'bytes', tabindex: 0, role: 'group', 'aria-label': 'the bytes' });
    const tree = html('div', { class: 'tree', role: 'listbox', tabindex: 0, 'aria-label': 'the tree: up and down choose a value' });
    const torrent = html('div', { class: 'torrent' });

    function take(bytes) {
        input = bytes;
        chosen = 0;
        try {
            answer = ask('bencode', { hex: hex(bytes), strict: strict.value });
        } catch (error) {
            says.show(error.message, true);
            return;
        }
        says.show(verdict(), Boolean(answer.broken));
        const rows = answer.rows.map((row, place) => html('div',
            { role: 'option', id: `${boxId}-${place}`, 'aria-selected': 'false', onclick: () => choose(place) },
            html('span', { class: 'at' }, unseen('byte '), String(row.from)),
            html('span', { style: `padding-inline-start: ${Math.min(row.depth, 12)}em` }, row.says,
                row.depth > 0 ? unseen(` level ${row.depth}`) : '')));
        tree.replaceChildren(...rows);
        tree.hidden = rows.length === 0;
        showTorrent();
        choose(0);
    }

    function verdict() {
        if (answer.broken) return `Broken at byte ${answer.broken[0]}: ${answer.broken[1]}.`;
        const cut = answer.rows.length >= MOST_ROWS ? ` The first ${MOST_ROWS} lines of the tree are shown.` : '';
        const size = `${answer.bytes} bytes, ${answer.values} ${answer.values === 1 ? 'value' : 'values'}.${cut}`;
        if (answer.odd.length === 0) return `${size} Canonical: there is no other way to write this.`;
        return `${size} Odd: ${answer.odd.map(([at, what]) => `at byte ${at}, ${what}`).join('; ')}.`;
    }

    function choose(place) {
        const old = tree.children[chosen];
        if (old) old.setAttribute('aria-selected', 'false');
        chosen = place;
        const row = tree.children[place];
        if (row) {
            row.setAttribute('aria-selected', 'true');
            tree.setAttribute('aria-activedescendant', row.id);
            const [top, bottom] = [row.offsetTop, row.offsetTop + row.offsetHeight];
            if (top < tree.scrollTop) tree.scrollTop = top;
            if (bottom > tree.scrollTop + tree.clientHeight) tree.scrollTop = bottom - tree.clientHeight;
        }
        showBytes();
    }

    // The bytes, with those of the chosen value marked, or the one that is wrong.
    function showBytes() {
        const row = answer.rows[chosen];
        let [from, to] = row ? [row.from, row.to] : [0, 0];
        if (answer.broken) [from, to] = [answer.broken[0], answer.broken[0] + 1];
        const first = input.length <= MOST_SHOWN ? 0 : Math.max(0, Math.min(from - 100, input.length - MOST_SHOWN));
        const last = Math.min(input.length, first + MOST_SHOWN);
        const marked = html('mark', { class: answer.broken ? 'wrong' : '' },
            from >= input.length ? '⟨the end⟩' : written(input, Math.max(from, first), Math.min(to, last)));
        strip.replaceChildren(first > 0 ? '… ' : '', written(input, first, Math.min(from, last)), marked,
            written(input, Math.min(to, last), last), last < input.length ? ' …' : '');
        marked.scrollIntoView && (strip.scrollTop = Math.max(0, marked.offsetTop - strip.offsetTop - 30));
    }

    tree.addEventListener('keydown', event => {
        const last = tree.children.length - 1;
        const to = { ArrowDown: chosen + 1, ArrowUp: chosen - 1, Home: 0, End: last, PageDown: chosen + 10, PageUp: chosen - 10 }[event.key];
        if (to === undefined) return;
        event.preventDefault();
        event.stopPropagation();
        choose(Math.max(0, Math.min(last, to)));
    });

    function showTorrent() {
        const told = answer.torrent;
        torrent.hidden = !told;
        if (!told) return;
        if (told.refused) {
            torrent.replaceChildren(html('p', {}, html('strong', {}, 'No torrent: '), `${told.refused}.`));
            return;
        }
        const list = html('dl', {}, ...told.about.flatMap(([key, value]) => [html('dt', {}, key), html('dd', {}, value)]));
        const [from, to] = told.info;
        const hash = html('p', {}, `The info-hash is the hash of the bytes ${from} to ${to - 1}, the value of “info”, as they stand in the file.`);
        const odd = told.warnings.map(warning => html('p', {}, html('strong', {}, 'Odd: '), warning));
        torrent.replaceChildren(html('p', {}, html('strong', {}, 'As a torrent:')), list, hash, ...odd);
    }

    const examples = EXAMPLES.map(([name, text]) => button(name, () => type(read(text))));
    const sample = button('the sample’s torrent', () => {
        type(Uint8Array.from(ask('sample', {}).hex.match(/../g), pair => parseInt(pair, 16)));
    });
    panel.append(
        html('div', { class: 'row', role: 'group', 'aria-label': 'examples' }, ...examples, sample),
        html('div', { class: 'field' }, html('label', { for: boxId }, 'Bencode (', html('code', {}, '\\x00'), ' is a byte in hex)'), box),
        html('div', { class: 'field' }, html('label', { for: fileId }, 'or any file of yours; it does not leave this page'), file),
        strict.row, says.row, strip, tree, torrent);
    type(read(EXAMPLES[1][1]));
};

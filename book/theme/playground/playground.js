// The playground: figures that can be played with. What runs in them is the code of the book, as WebAssembly; here it is
// only asked and drawn. In the pages:
//
//     <div class="explorable" data-play="window" data-name="a line">
//     …the still figure, which stands there without scripts, too…
//     <p class="try" hidden>What to try, in a sentence.</p>
//     </div>
//
// Below each of these comes a button. The module is loaded when the first is pressed. Each kind of figure has a file
// beside this one, which puts a function into `kinds`: it fills a panel.
const playground = (() => {
    'use strict';
    const kinds = {};

    // --- The module: packed, and base64 in a script, because a page that is opened from the disk may fetch nothing else.

    let door = null;

    function script(path) {
        return new Promise((done, failed) => {
            const tag = document.createElement('script');
            tag.src = path;
            tag.onload = done;
            tag.onerror = () => failed(new Error(`${path} cannot be loaded`));
            document.head.append(tag);
        });
    }

    async function open() {
        await script(`${path_to_root}playground/module.js`);
        const packed = Uint8Array.from(atob(playground.module), letter => letter.charCodeAt(0));
        delete playground.module;
        const stream = new Blob([packed]).stream().pipeThrough(new DecompressionStream('gzip'));
        const { instance } = await WebAssembly.instantiate(await new Response(stream).arrayBuffer(), {});
        return instance.exports;
    }

    function load() {
        door ??= open();
        return door.then(exports => { loaded = exports; });
    }

    // Asks the module: an object goes in and one comes out. Throws what it refuses, as a sentence.
    let loaded = null;
    function ask(name, question) {
        const text = new TextEncoder();
        const [head, json] = [text.encode(name), text.encode(JSON.stringify(question))];
        const at = loaded.room(head.length + json.length);
        const memory = new Uint8Array(loaded.memory.buffer);
        memory.set(head, at);
        memory.set(json, at + head.length);
        let from = 0;
        try {
            from = loaded.call(head.length);
        } catch {
            throw new Error('the module has stopped; load the page again'); // what we call a panic
        }
        const answer = new Uint8Array(loaded.memory.buffer, from, loaded.answered());
        const told = JSON.parse(new TextDecoder().decode(answer));
        loaded.room(0);
        if (told.error) throw new Error(told.error);
        return told;
    }

    // --- What panels are made of.

    function fill(element, attributes, children) {
        for (const [key, value] of Object.entries(attributes)) {
            if (key.startsWith('on')) element.addEventListener(key.slice(2), value);
            else if (value === true) element.setAttribute(key, '');
            else if (value !== false && value !== null) element.setAttribute(key, value);
        }
        element.append(...children);
        return element;
    }
    const html = (tag, attributes = {}, ...children) => fill(document.createElement(tag), attributes, children);
    const drawn = (tag, attributes = {}, ...children) =>
        fill(document.createElementNS('http://www.w3.org/2000/svg', tag), attributes, children);

    let ids = 0;
    const newId = () => `play-${++ids}`;

    const button = (words, pressed, attributes = {}) => html('button', { type: 'button', onclick: pressed, ...attributes }, words);

    // Words for those who do not see what else tells it.
    const unseen = words => html('span', { class: 'unseen' }, words);

    // A slider with its value beside it, which is read as the slider's own. `shown` says a value in words.
    function slider(label, [least, most, step], value, shown, changed) {
        const id = newId();
        const input = html('input', { type: 'range', id, min: least, max: most, step, value });
        const output = html('output', { for: id, 'aria-hidden': 'true' });
        const show = () => {
            output.textContent = shown(Number(input.value));
            input.setAttribute('aria-valuetext', output.textContent);
        };
        input.addEventListener('input', () => { show(); changed(); });
        show();
        return {
            row: html('div', { class: 'slider' }, html('label', { for: id }, label), input, output),
            get value() { return Number(input.value); },
            set value(number) { input.value = number; show(); },
            set most(number) { input.max = number; show(); },
            set disabled(off) { input.disabled = off; },
        };
    }

    function select(label, options, value, changed) {
        const id = newId();
        const list = html('select', { id, onchange: changed },
            ...options.map(([key, words]) => html('option', { value: key, selected: key === value }, words)));
        return {
            row: html('div', { class: 'choice' }, html('label', { for: id }, label), list),
            get value() { return list.value; },
        };
    }

    function check(words, checked, changed) {
        const input = html('input', { type: 'checkbox', checked, onchange: changed });
        return { row: html('label', { class: 'check' }, input, ' ', words), input, get value() { return input.checked; } };
    }

    // What is read aloud. Of sentences that follow each other quickly only the last is, and of those that do not end, as
    // when something runs, one in five seconds. It does not stay in the page, where it would be found a second time.
    const voice = html('p', { class: 'unseen', role: 'status' });
    let [waits, since] = [null, null];
    function say(words) {
        const now = performance.now();
        since ??= now;
        clearTimeout(waits);
        waits = setTimeout(() => {
            since = null;
            voice.textContent = words;
            waits = setTimeout(() => { voice.textContent = ''; }, 3000);
        }, Math.min(500, since + 5000 - now));
    }

    // A sentence that is kept current, and read aloud when it changes.
    function status() {
        const row = html('p', { class: 'status' });
        return {
            row,
            show(words, wrong = false) {
                row.className = wrong ? 'status wrong' : 'status';
                if (row.textContent !== words) say(words);
                row.textContent = words;
            },
        };
    }

    // Buttons that let time pass: one step, or one after the other while the panel is to be seen. `step` says whether there
    // is more.
    function player(step, pause, stepWords = 'Step') {
        let timer = null;
        const run = button('Run', () => (timer === null ? start() : stop()));
        const one = button(stepWords, () => { stop(); step(); });
        function start() {
            run.textContent = 'Stop';
            const again = () => {
                const shown = document.visibilityState === 'visible' && run.offsetParent !== null;
                timer = setTimeout(again, pause());
                if (shown && !step()) stop();
            };
            timer = setTimeout(again, 0);
        }
        function stop() {
            clearTimeout(timer);
            timer = null;
            run.textContent = 'Run';
        }
        return { buttons: [one, run], stop, get runs() { return timer !== null; } };
    }

    // A figure that is drawn anew each time; `about` is what is read of it.
    function picture(width, height) {
        const svg = drawn('svg', { viewBox: `0 0 ${width} ${height}`, class: width < 600 ? 'fig narrow' : 'fig', role: 'img' });
        return {
            svg,
            get about() { return svg.getAttribute('aria-label'); },
            draw(about, ...shapes) {
                svg.setAttribute('aria-label', about);
                svg.replaceChildren(drawn('g', { 'aria-hidden': 'true' }, ...shapes));
            },
        };
    }

    const number = value => value.toLocaleString('en', { maximumFractionDigits: 1 });
    const bytes = count => (count < 1024 * 1024 ? `${number(count / 1024)} KiB` : `${number(count / 1024 / 1024)} MiB`);

    // --- The places in the page.

    function prepare(place) {
        const kind = place.dataset.play;
        const id = newId();
        const words = place.dataset.name ? `Play: ${place.dataset.name}` : 'Play';
        const panel = html('div', { class: 'panel', id, role: 'group', 'aria-label': words, hidden: true });
        // mdBook turns the page at arrow keys, wherever they are pressed.
        panel.addEventListener('keydown', event => event.stopPropagation());
        const open = button(words, async () => {
            const show = panel.hidden;
            panel.hidden = !show;
            open.setAttribute('aria-expanded', String(show));
            if (!show || panel.childElementCount > 0) return;
            const wait = html('p', {}, 'Loading …');
            panel.append(wait);
            say('Loading …');
            try {
                await load();
                wait.remove();
                kinds[kind](panel);
                place.dataset.ready = 'yes';
            } catch (error) {
                wait.textContent = `This cannot be played here: ${error.message}.`;
                say(wait.textContent);
            }
        }, { class: 'open', 'aria-expanded': 'false', 'aria-controls': id });
        const hint = place.querySelector('.try');
        if (hint) hint.hidden = false;
        place.append(open, ...(hint ? [hint] : []), panel);
    }

    // Of a still figure its title is read. Chromium would read it once more, as a description, and then each word in it.
    function quieten(figure) {
        figure.setAttribute('aria-description', '');
        for (const part of figure.children) part.setAttribute('aria-hidden', 'true');
    }

    document.addEventListener('DOMContentLoaded', () => {
        document.querySelectorAll('main svg.fig[role="img"]').forEach(quieten);
        document.body.append(voice);
        for (const place of document.querySelectorAll('.explorable[data-play]')) {
            if (kinds[place.dataset.play]) prepare(place);
        }
    });

    return { kinds, load, ask, html, drawn, button, slider, select, check, unseen, say, status, player, picture, number, bytes, newId };
})();

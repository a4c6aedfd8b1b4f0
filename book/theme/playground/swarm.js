// Chapter 11: a swarm of the real engines, in virtual time.
playground.kinds.swarm = panel => {
    'use strict';
    const { ask, html, drawn, button, slider, select, say, status, player, number, bytes } = playground;

    const STEP = 1000; // milliseconds of the swarm
    const count = (label, most, value, least = 0) => slider(label, [least, most, 1], value, String, () => {});
    const seeders = count('seeders', 4, 1, 1);
    const leechers = count('leechers', 16, 6, 1);
    const slow = count('slow leechers (a quarter)', 8, 2);
    const riders = count('free-riders', 8, 0);
    const liars = count('liars', 4, 0);
    const order = select('order of pieces', [
        ['rarest', 'rarest first, shared out'], ['rarest_alone', 'rarest first'], ['random', 'random'], ['sequential', 'sequential'],
    ], 'rarest', () => {});
    const pieces = select('pieces', [['16', '16'], ['32', '32'], ['64', '64']], '32', () => {});
    const chance = slider('chances', [1, 20, 1], 1, value => `no. ${value}`, () => {});

    let state = null;
    let chosen = null; // the peer whose details are shown
    let rows = [];

    const says = status();
    const copies = html('div', { class: 'copies' });
    const list = html('div', { class: 'peers', role: 'group', 'aria-label': 'peers: choose one to look at it' });
    const about = html('div', {});
    const goes = button('', () => leave(chosen));
    const details = html('div', { class: 'details' }, about, goes);
    const log = html('ol', { class: 'log', 'aria-label': 'what has happened, the newest first', tabindex: 0 });

    function begin() {
        play.stop();
        const wish = {
            seeders: seeders.value, leechers: leechers.value, slow: slow.value, riders: riders.value, liars: liars.value,
            pieces: Number(pieces.value), order: order.value, seed: chance.value,
        };
        log.replaceChildren();
        chosen = null;
        take(ask('swarm.new', wish));
        list.replaceChildren(...(rows = state.peers.map(newRow)).map(row => row.line));
        show();
    }

    function take(told) {
        state = told;
        for (const line of state.news) log.prepend(html('li', {}, line));
        while (log.childElementCount > 60) log.lastChild.remove();
        log.hidden = log.childElementCount === 0;
    }

    function step() {
        if (state.done) return false;
        take(ask('swarm.run', { swarm: state.swarm, millis: STEP }));
        show();
        return !state.done && state.now < 3_600_000;
    }
    const play = player(step, () => 250, 'Step: one second');

    function leave(place) {
        take(ask('swarm.leave', { swarm: state.swarm, peer: place }));
        show();
        rows[place].name.focus();
    }

    function choose(place) {
        chosen = chosen === place ? null : place;
        show();
        if (chosen !== null) say(`${state.peers[place].name}: ${told(state.peers[place]).map(line => line.join(' ')).join('; ')}.`);
    }

    // --- A row for each peer: its name, its pieces, how much it has.

    function strip(kind, attributes = { 'aria-hidden': 'true' }, ...children) {
        return drawn('svg', { viewBox: `0 0 ${state.pieces} 1`, preserveAspectRatio: 'none', class: kind, ...attributes }, ...children);
    }

    function newRow(peer, place) {
        const name = button(peer.name, () => choose(place), { 'aria-pressed': 'false' });
        const [cells, part] = [strip('pieces'), html('span', { class: 'part', 'aria-hidden': 'true' })];
        return { line: html('div', { class: 'peer' }, name, cells, part), name, cells, part };
    }

    function draw(cells, has) {
        const paths = { '#': '', o: '' };
        [...has].forEach((letter, at) => {
            if (letter in paths) paths[letter] += `M${at + 0.06} 0h0.88v1h-0.88z`;
        });
        cells.replaceChildren(drawn('path', { class: 'here', d: paths['#'] }), drawn('path', { class: 'coming', d: paths.o }));
    }

    function show() {
        state.peers.forEach((peer, place) => {
            const row = rows[place];
            const has = [...peer.has].filter(letter => letter === '#').length;
            draw(row.cells, peer.has);
            row.part.textContent = peer.here ? `${Math.floor((100 * has) / state.pieces)} %` : 'gone';
            row.line.classList.toggle('gone', !peer.here);
            row.name.setAttribute('aria-pressed', String(place === chosen));
            row.name.setAttribute('aria-label', `${peer.name}: ${has} of ${state.pieces} pieces${peer.here ? '' : ', gone'}`);
            const from = chosen !== null && state.peers[chosen].gives.some(([to]) => to === place);
            const to = chosen !== null && peer.gives.some(([to]) => to === chosen);
            row.line.classList.toggle('takes', from);
            row.line.classList.toggle('gives', to);
        });
        showCopies();
        says.show(summary(), state.lost);
        showDetails();
    }

    // How many copies there are of each piece, as bars.
    function showCopies() {
        const most = Math.max(1, ...state.copies);
        const bars = state.copies.map((number, at) => `M${at + 0.06} 1v${-number / most}h0.88V1z`).join('');
        const least = Math.min(...state.copies);
        const svg = strip('pieces tall', { role: 'img', 'aria-label': `copies of each piece: from ${least} to ${most}` },
            drawn('path', { class: 'copy', d: bars }));
        copies.replaceChildren(html('span', { 'aria-hidden': 'true' }, 'copies'), svg,
            html('span', { class: 'part', 'aria-hidden': 'true' }, `${least}–${most}`));
    }

    function summary() {
        const here = state.peers.filter(peer => peer.here && !peer.name.startsWith('liar'));
        const fetching = here.filter(peer => !peer.name.startsWith('seeder'));
        const done = fetching.filter(peer => peer.seeder).length;
        const seeds = here.filter(peer => peer.name.startsWith('seeder')).length;
        const out = state.copies.filter(number => number > seeds).length;
        const time = `After ${number(state.now / 1000)} s: `;
        if (state.lost) {
            const gone = state.copies.filter(number => number === 0).length;
            return `${time}${gone} of ${state.pieces} pieces are nowhere any more. Nobody will ever have everything.`;
        }
        if (state.done) return `${time}everybody has everything.`;
        return `${time}${out} of ${state.pieces} pieces are somewhere besides the seeders; ${done} of ${fetching.length} have everything.`;
    }

    // What there is to say of a peer: pairs of words.
    function told(peer) {
        const at = state.peers.indexOf(peer);
        const name = place => state.peers[place].name;
        const rate = value => `${bytes(value)}/s`;
        const gives = peer.gives.map(([to, speed]) => `${name(to)} (${rate(speed)})`).join(', ');
        const from = state.peers.flatMap(other => other.gives.filter(([to]) => to === at).map(([, speed]) => `${other.name} (${rate(speed)})`)).join(', ');
        return [
            ['gives to', gives || 'nobody now'],
            ['gets from', from || 'nobody now'],
            ['sent', bytes(peer.sent)],
            ['received', `${bytes(peer.received)}, ${bytes(peer.wasted)} of it in vain`],
            ...(peer.finished === null ? [] : [['had everything', `after ${number(peer.finished / 1000)} s`]]),
            ...(peer.banned.length ? [['has banned', peer.banned.map(name).join(', ')]] : []),
        ];
    }

    function showDetails() {
        const peer = state.peers[chosen];
        details.hidden = !peer;
        if (!peer) return;
        about.replaceChildren(html('strong', {}, peer.name),
            html('dl', {}, ...told(peer).flatMap(([key, value]) => [html('dt', {}, key), html('dd', {}, value)])));
        goes.textContent = `${peer.name} leaves`;
        goes.disabled = !peer.here;
    }

    panel.append(
        html('details', { open: true, class: 'setup' }, html('summary', {}, 'Who is there'),
            seeders.row, leechers.row, slow.row, riders.row, liars.row, order.row, pieces.row, chance.row,
            html('div', { class: 'row' }, button('Begin anew with these', begin))),
        html('div', { class: 'row' }, ...play.buttons), says.row, copies, list,
        html('p', { class: 'legend' }, 'A box for each piece: filled is there and verified, pale is on its way. If you choose a peer, '
            + 'a green edge marks those it gives to, an orange one those it gets from.'),
        details, log);
    begin();
};

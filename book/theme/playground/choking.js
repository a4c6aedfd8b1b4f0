// Chapter 16: tit for tat as a game, first by the reader, then by the real choker.
playground.kinds.choking = panel => {
    'use strict';
    const { ask, html, button, slider, unseen, say, status, number, newId } = playground;

    let choices = [];
    let story = null;
    let boxes = [];

    const game = slider('game', [1, 20, 1], 1, value => `no. ${value}`, begin);
    const says = status();
    const round = html('fieldset', {});
    const mine = html('div', { class: 'table', tabindex: 0, role: 'region', 'aria-label': 'your game' });
    const theirs = html('div', {});
    const next = button('Give these the slots: ten seconds pass', play);
    const compare = button('Let the real choker play the same game', watch);

    function begin() {
        choices = [];
        theirs.replaceChildren();
        show();
    }

    function play() {
        choices.push(boxes.flatMap((box, place) => (box?.checked ? [place] : [])));
        show();
        if (!story.gives) boxes.find(box => box)?.focus();
        else compare.focus();
    }

    const rate = kib => (kib ? `${kib} KiB/s` : 'nothing');
    const total = kib => `${number(kib / 1024)} MiB`;

    function show() {
        story = ask('choking.play', { seed: game.value, choices });
        const over = story.gives !== null;
        next.hidden = over;
        compare.hidden = !over;
        says.show(over
            ? `The game is over: you got ${total(story.got)}.`
            : `Round ${choices.length + 1} of ${story.of}. So far you got ${total(story.got)}.`);
        const stands = story.rounds.at(-1);
        const last = choices.at(-1) ?? [];
        boxes = stands.map((stand, place) => {
            if (!stand.here || over) return null;
            return html('input', { type: 'checkbox', checked: last.includes(place), onchange: tick });
        });
        const rows = stands.map((stand, place) => {
            if (!boxes[place]) return '';
            const gave = last.includes(place) ? `gave you ${rate(stand.gave)}` : 'had no slot';
            const words = choices.length === 0 || !story.rounds.at(-2)?.[place].here ? 'has just come' : gave;
            return html('label', { class: 'check' }, boxes[place], ` ${story.names[place]}: ${words}`);
        });
        round.replaceChildren(html('legend', {}, `Who gets your ${story.slots} slots?`), ...rows);
        round.hidden = over;
        bound();
        mine.hidden = choices.length === 0;
        mine.replaceChildren(choices.length > 0 ? table(story, 'your game') : '');
    }

    // No more than there are slots.
    function bound() {
        const taken = boxes.filter(box => box?.checked).length;
        for (const box of boxes) if (box) box.disabled = !box.checked && taken >= story.slots;
        return taken;
    }

    function tick() {
        if (bound() === story.slots) say(`All ${story.slots} slots are given.`);
    }

    // A row for each of the others and a column for each round: what it gave after it.
    function table(told, name) {
        const rounds = told.rounds.slice(0, -1);
        const head = html('tr', {}, html('th', { scope: 'col' }, 'KiB/s'),
            ...(told.gives ? [html('th', { scope: 'col' }, 'gives')] : []),
            ...rounds.map((_, at) => html('th', { scope: 'col' }, unseen('round '), String(at + 1))));
        const rows = told.names.map((who, place) => html('tr', {}, html('th', { scope: 'row' }, who),
            ...(told.gives ? [html('td', { class: 'would' }, String(told.gives[place]))] : []),
            ...rounds.map((stands, at) => {
                const stand = stands[place];
                const gave = told.rounds[at + 1][place].gave;
                if (!stand.here) return html('td', { class: 'away' }, unseen('not there'));
                if (!stand.slot) return html('td', {}, html('span', { 'aria-hidden': 'true' }, '·'), unseen('no slot'));
                return html('td', { class: 'slot', title: stand.reason ?? '' }, String(gave));
            })));
        return html('table', { class: 'rounds' }, html('caption', {}, name), html('thead', {}, head), html('tbody', {}, ...rows));
    }

    function watch() {
        const told = ask('choking.choker', { seed: game.value });
        const better = told.got > story.got ? 'It found more than you.' : told.got < story.got ? 'You found more than it.' : 'You are even.';
        const line = status();
        const reasons = told.rounds.slice(0, -1).map((stands, at) => {
            const given = stands.flatMap((stand, place) => (stand.slot ? [`${told.names[place]} (${stand.reason})`] : []));
            return html('li', {}, given.join('; '));
        });
        theirs.replaceChildren(line.row, html('div', { class: 'table', tabindex: 0, role: 'region', 'aria-label': 'the real choker’s game' }, table(told, 'the real choker')),
            html('details', {}, html('summary', {}, 'Its reasons, round by round'), html('ol', {}, ...reasons)));
        line.show(`The choker got ${total(told.got)}, you ${total(story.got)}. ${better}`);
    }

    panel.append(game.row, says.row, round, html('div', { class: 'row' }, next, compare, button('Begin anew', begin)), mine,
        html('p', { class: 'legend', id: newId() }, 'A filled field is a slot, with what it brought in the next ten seconds. The column “gives”, which you see when the game is over, is what each gives to whoever gives it a slot.'), theirs);
    begin();
};

// Chapter 8: four messages side by side, one round at a time.
playground.kinds.lanes = panel => {
    'use strict';
    const { ask, html, slider, status, player, newId } = playground;

    const MESSAGES = ['abc', 'abb', '', 'The quick brown fox'];
    let answer = null;

    const inputs = MESSAGES.map((message, lane) => {
        const id = newId();
        const input = html('input', { type: 'text', id, value: message, maxlength: 55, spellcheck: 'false', autocomplete: 'off', oninput: change });
        return { row: html('div', { class: 'choice' }, html('label', { for: id }, `lane ${lane + 1}`), input), input };
    });
    const says = status();
    const round = slider('rounds done', [0, 80, 1], 0, String, () => { play.stop(); show(); });
    function step() {
        round.value = round.value < 80 ? round.value + 1 : 0;
        show();
        return round.value < 80;
    }
    const play = player(step, () => 150, 'Step: one round');
    const table = html('div', { class: 'table' });

    function change() {
        try {
            answer = ask('lanes', { messages: inputs.map(({ input }) => input.value) });
        } catch (error) {
            says.show(`${error.message}.`, true);
            return;
        }
        show();
    }

    const bits = (one, other) => {
        let [differ, left] = [0, (parseInt(one, 16) ^ parseInt(other, 16)) >>> 0];
        for (; left; left = (left & (left - 1)) >>> 0) differ++;
        return differ;
    };

    function show() {
        const done = round.value;
        const state = answer.states[done];
        const differ = state.reduce((sum, [one, other]) => sum + bits(one, other), 0);
        says.show(done === 80
            ? `After 80 rounds. ${answer.digests.every((digest, lane) => digest === answer.alone[lane]) ? 'Each digest is the one that its message has alone.' : 'The digests are wrong!'}`
            : `After ${done} ${done === 1 ? 'round' : 'rounds'}, lanes 1 and 2 differ in ${differ} of 160 bits.`);
        const head = html('tr', {}, html('td', {}), ...inputs.map((_, lane) => html('th', { scope: 'col' }, `lane ${lane + 1}`)));
        const row = (name, cells, kind = '') => html('tr', { class: kind }, html('th', { scope: 'row' }, name),
            ...cells.map(cell => html('td', {}, html('code', {}, cell))));
        const rows = ['a', 'b', 'c', 'd', 'e'].map((name, word) => row(name, state[word], word === 0 && done > 0 ? 'new' : ''));
        if (done < 80) rows.push(row(`w${done}`, answer.words[done], 'coming'));
        table.replaceChildren(html('table', { class: 'lanes', 'aria-label': 'the words of each lane' }, html('thead', {}, head), html('tbody', {}, ...rows)),
            ...(done === 80 ? [html('ol', { class: 'digests', 'aria-label': 'the digest of each lane' }, ...answer.digests.map(digest => html('li', {}, html('code', {}, digest))))] : []));
    }

    panel.append(...inputs.map(({ row }) => row), html('div', { class: 'row' }, ...play.buttons), round.row, says.row, table,
        html('p', { class: 'legend' }, 'Each row is one vector of the processor: four words, one of each message. A step is the same for all four, and makes a new a; '
            + 'the last row is the word that it will mix in. After the last round the words that were there before the first are added.'));
    change();
};

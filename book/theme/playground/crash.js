// Chapter 14: the power is cut at any moment, and any part of what was not synced has luck.
playground.kinds.crash = panel => {
    'use strict';
    const { ask, html, slider, select, say, status, button } = playground;

    let answer = ask('crash', { order: 0, done: 0, lucky: [] });
    let lucky = [];

    const order = select('order', answer.orders.map((name, place) => [String(place), `${place + 1}. ${name}`]), '0', () => { cut.value = 0; anew(); });
    const cut = slider('calls before the power cut', [0, 99, 1], 0, String, anew);
    const calls = html('ol', { class: 'calls' });
    const changes = html('fieldset', {});
    const says = status();
    const table = html('div', { class: 'table' });
    const step = button('One call more', () => {
        if (cut.value >= answer.calls.length) return;
        cut.value += 1;
        anew();
        say(`Call ${cut.value}: ${answer.calls[cut.value - 1]}. ${answer.says}`);
    });

    // Another moment: what was not synced is something else, and nothing of it has luck yet.
    function anew() {
        lucky = [];
        const ready = ask('crash', { order: Number(order.value), done: 0, lucky });
        cut.most = ready.calls.length;
        look();
        calls.replaceChildren(...answer.calls.map((call, at) =>
            html('li', { class: at < cut.value ? 'done' : 'not', 'aria-current': at === cut.value - 1 ? 'step' : null }, call)));
        calls.setAttribute('aria-label', `the calls; ${cut.value || 'none'} of ${answer.calls.length} done`);
        step.setAttribute('aria-disabled', String(cut.value >= answer.calls.length)); // it keeps the focus
        const boxes = answer.pending.map(({ place, what }) => {
            const input = html('input', { type: 'checkbox', onchange: () => {
                lucky = input.checked ? [...lucky, place].sort((a, b) => a - b) : lucky.filter(other => other !== place);
                look();
            } });
            return html('label', { class: 'check' }, input, ` ${what}`);
        });
        changes.replaceChildren(html('legend', {}, 'Not synced. What of it had reached the disk?'),
            ...(boxes.length ? boxes : [html('p', {}, 'Nothing: all that was done is on the disk.')]));
    }

    function look() {
        answer = ask('crash', { order: Number(order.value), done: cut.value, lucky });
        says.show(answer.says, answer.found !== 'honest');
        const shown = sectors => (sectors === null ? 'no such file' : sectors.length === 0 ? 'empty' : sectors.join(' | '));
        const rows = answer.before.map((file, at) => html('tr', {}, html('th', { scope: 'row' }, html('code', {}, file.name)),
            html('td', {}, shown(file.sectors)), html('td', {}, shown(answer.after[at].sectors))));
        table.replaceChildren(html('table', { 'aria-label': 'the files' }, html('thead', {}, html('tr', {}, html('th', { scope: 'col' }, 'file'),
            html('th', { scope: 'col' }, 'the program saw'), html('th', { scope: 'col' }, 'after the cut'))), html('tbody', {}, ...rows)));
    }

    panel.append(order.row, cut.row, html('div', { class: 'row' }, step), calls, changes, says.row, table,
        html('p', { class: 'legend' }, 'Each field is a sector, with the letter or the number that fills it. A note has two.'));
    anew();
};

// Chapter 11: the last blocks of a download, with an end game and without.
playground.kinds.end_game = panel => {
    'use strict';
    const { ask, html, drawn, slider, select, say, status, player, picture, number } = playground;

    const slow = slider('the slow peer takes', [150, 5000, 50], 1000, value => `${number(value / 1000)} s for a block`, change);
    const ending = select('near the end', [
        ['wait', 'we wait'], ['again', 'ask the others again'], ['if_sooner', 'ask again if it is sooner'],
    ], 'wait', change);
    const says = status();
    let answer = null;
    let now = 0;
    let end = 0;

    const time = slider('time', [0, 1000, 10], 0, value => `${number(value / 1000)} s`, () => { play.stop(); move(time.value); });
    function step() {
        if (now >= end) {
            move(0); // once more
            return true;
        }
        if (play.runs) {
            move(Math.min(end, now + 50));
            return now < end;
        }
        const next = Math.min(...answer.peers.flat().map(block => block.to).filter(to => to > now));
        move(Math.min(end, next));
        return now < end;
    }
    const play = player(step, () => 40, 'Step: the next block');

    function change() {
        answer = ask('end_game', { slow: slow.value, ending: ending.value });
        end = Math.max(...answer.peers.flat().map(block => block.to));
        time.most = end;
        const vain = answer.in_vain === 1 ? 'one block comes' : `${answer.in_vain || 'no'} blocks come`;
        says.show(`The last block is here after ${number(answer.last / 1000)} s; ${vain} in vain.`);
        seek(end);
    }

    const [LEFT, RIGHT, ROW] = [70, 466, 34];
    const sent = picture(480, 204);
    function move(to) {
        seek(to);
        say(sent.about);
    }
    function seek(to) {
        now = to;
        time.value = now;
        const scale = (RIGHT - LEFT) / Math.max(end, 1000);
        const shapes = answer.peers.flatMap((blocks, peer) => [
            drawn('text', { class: 'small', x: 2, y: 30 + ROW * peer }, peer === 3 ? 'slow' : `peer ${peer + 1}`),
            ...blocks.filter(block => block.from < now).map(block => drawn('rect', {
                class: block.in_vain ? 'b solid' : block.to <= now ? 'a' : 'd',
                x: LEFT + block.from * scale, y: 14 + ROW * peer,
                width: Math.max(0.5, (Math.min(block.to, now) - block.from) * scale - 0.5), height: ROW - 12,
            })),
        ]);
        const every = [500, 1000, 2000, 5000, 10000, 20000].find(gap => end / gap <= 8) ?? 50000;
        const marks = [];
        for (let at = 0; at <= end; at += every) {
            const x = LEFT + at * scale;
            marks.push(drawn('line', { class: 'grid', x1: x, x2: x, y1: 8, y2: 152 }),
                drawn('text', { class: 'small mid', x, y: 170 }, number(at / 1000)));
        }
        const x = LEFT + now * scale;
        const came = answer.peers.map(blocks => blocks.filter(block => block.to <= now).length);
        sent.draw(`After ${number(now / 1000)} s the three fast peers have sent ${came.slice(0, 3).join(', ')} blocks, the slow one ${came[3]}.`,
            ...marks, ...shapes, drawn('line', { class: 'line', x1: x, x2: x, y1: 6, y2: 154 }),
            drawn('text', { class: 'small end', x: RIGHT, y: 192 }, 'seconds'));
    }

    panel.append(slow.row, ending.row, says.row, html('div', { class: 'row' }, ...play.buttons), time.row, sent.svg,
        html('p', { class: 'legend' }, 'Blue: a block that was of use. Orange, filled: one that was here already. Purple: on its way.'));
    change();
};

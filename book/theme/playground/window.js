// Chapter 7: requests over a line, as time goes by, and how full the line is.
playground.kinds.window = panel => {
    'use strict';
    const { ask, html, drawn, slider, check, say, status, player, picture, number } = playground;

    const RATES = [50, 100, 200, 500, 1000, 2000, 5000, 10000, 20000].map(rate => rate * 1000);
    const rateWords = rate => (rate < 1e6 ? `${number(rate / 1000)} kB/s` : `${number(rate / 1e6)} MB/s`);
    const some = (count, what) => `${count} ${what}${count === 1 ? '' : 's'}`;
    const CLOSE = 2_000_000; // so many microseconds are shown request by request
    const PACE = 5; // the close look is so many times slower than life

    let answer = null;
    let before = null; // the curve of the last setting, to compare with
    let now = 0; // microseconds

    const trip = slider('round trip', [0, 1000, 10], 200, value => `${value} ms`, change);
    const rate = slider('the line carries', [0, RATES.length - 1, 1], 6, value => rateWords(RATES[value]), change);
    const ahead = slider('requests out', [1, 100, 1], 1, value => String(value), change);
    const auto = check('let the window decide', false, change);
    const says = status();

    function change() {
        ahead.disabled = auto.value;
        if (answer) before = answer;
        answer = ask('window', { trip: trip.value, rate: RATES[rate.value], ahead: auto.value ? null : ahead.value });
        const who = auto.value ? `The window (${answer.out} requests in the end)` : ahead.value === 1 ? 'One request' : `${ahead.value} requests`;
        const waits = answer.waiting > 1500 ? ` The last one waits ${number(answer.waiting / 1000)} s for its answer.` : '';
        const fits = answer.fits === 1 ? 'one block fits' : `${answer.fits} blocks fit`;
        says.show(`${who}: ${answer.used_later} % of the line is used, once it runs. Into the line ${fits}.${waits}`);
        drawCurve();
        seek(Math.min(now, CLOSE));
    }

    // --- The line itself: requests go to the right, blocks come to the left.

    const [WIDTH, LEFT, RIGHT] = [480, 62, 418];
    const line = picture(WIDTH, 150);
    const time = slider('time', [0, 2000, 1], 0, value => `${value} ms`, () => { play.stop(); move(time.value * 1000); });

    // A step leads to the next moment at which something happens.
    function step() {
        const half = trip.value * 500;
        const moments = answer.requests.flatMap(([asked, begins, sent]) => [asked, begins, sent, sent + half]);
        const next = moments.reduce((least, at) => (at > now + 500 && at < least ? at : least), Infinity);
        move(Math.min(CLOSE, next));
        return now < CLOSE;
    }
    const FRAME = 40; // milliseconds
    function go() {
        if (now >= CLOSE) {
            move(0); // once more
            return true;
        }
        if (play.runs) {
            move(Math.min(CLOSE, now + (FRAME * 1000) / PACE));
            return now < CLOSE;
        }
        return step();
    }
    const play = player(go, () => FRAME);

    function move(to) {
        seek(to);
        say(line.about);
    }
    function seek(to) {
        now = to;
        time.value = Math.round(now / 1000);
        const half = trip.value * 500;
        const span = RIGHT - LEFT;
        const x = part => LEFT + span * Math.max(0, Math.min(1, part));
        const shapes = [];
        let [going, waiting, coming, here] = [0, 0, 0, 0];
        for (const [asked, begins, sent] of answer.requests) {
            if (asked > now) break;
            if (now < asked + half) {
                going++;
                const at = x((now - asked) / half);
                shapes.push(drawn('path', { class: 'a tip', d: `M${at} 52 l-9 -5 v10 z` }));
            } else if (now < begins) {
                waiting++;
            } else if (now < sent + half) {
                coming++;
                const part = moment => (half > 0 ? 1 - (now - moment) / half : moment <= now ? 0 : 1);
                const [from, to] = [x(part(begins)), x(part(sent))];
                shapes.push(drawn('rect', { class: 'c', x: from, y: 84, width: Math.max(1, to - from), height: 18 }));
            } else {
                here++;
            }
        }
        const text = (kind, at, y, words) => drawn('text', { class: kind, x: at, y }, words);
        line.draw(`After ${Math.round(now / 1000)} ms: ${some(going, 'request')} on the way, ${waiting} at the peer, `
            + `${some(coming, 'block')} in the line, ${here} here.`,
            drawn('rect', { class: 'box', x: LEFT, y: 40, width: span, height: 24 }),
            drawn('rect', { class: 'box', x: LEFT, y: 80, width: span, height: 26 }),
            text('bold end', LEFT - 8, 78, 'we'), text('bold', RIGHT + 8, 78, 'peer'),
            text('small', 2, 28, `${some(going, 'request')} on the way`),
            text('small end', 478, 130, `${some(coming, 'block')} in the line`),
            text('small', 2, 130, `${here} here`),
            text('small end', 478, 28, waiting > 0 ? `${waiting} at the peer` : coming > 0 ? 'the peer sends' : 'the peer has nothing to do'),
            ...shapes);
    }

    // --- Ten seconds: what has come, and how much of the line was used in each tenth of a second.

    const curve = picture(WIDTH, 346);
    function drawCurve() {
        const [left, right, top, bottom] = [62, 466, 30, 200];
        const most = (RATES[rate.value] * 10) / 1e6; // megabytes
        const x = point => left + ((right - left) * point) / 100;
        const y = megabytes => bottom - ((bottom - top) * Math.min(most, megabytes)) / most;
        const points = here => here.map((bytes, point) => `${x(point).toFixed(1)},${y(bytes / 1e6).toFixed(1)}`).join(' ');
        const text = (kind, at, height, words) => drawn('text', { class: kind, x: at, y: height }, words);
        const strip = answer.busy.map((percent, point) => drawn('rect', {
            class: 'c solid', x: x(point), y: 300 - percent / 2, width: (right - left) / 100 + 0.3, height: percent / 2,
        }));
        const came = one => number(one.here[100] / 1e6);
        curve.draw(`In ten seconds ${came(answer)} megabytes came${before ? `, with the setting before ${came(before)}` : ''}; the line could carry ${number(most)}.`,
            text('small', 2, 16, 'megabytes received'),
            ...[0, 0.5, 1].flatMap(part => [
                drawn('line', { class: 'grid', x1: left, x2: right, y1: y(most * part), y2: y(most * part) }),
                text('small end', left - 6, y(most * part) + 5, number(most * part)),
            ]),
            drawn('polyline', { class: 'line dash mute', points: `${x(0)},${y(0)} ${x(100)},${y(most)}` }),
            ...(before ? [drawn('polyline', { class: 'line d mute', points: points(before.here) })] : []),
            drawn('polyline', { class: 'line c', points: points(answer.here) }),
            text('small', 2, 236, 'of the line'),
            text('small end', left - 6, 256, '100 %'), text('small end', left - 6, 305, '0'),
            drawn('rect', { class: 'box', x: left, y: 250, width: right - left, height: 50 }),
            ...strip,
            ...[0, 2, 4, 6, 8, 10].map(second => text('small mid', x(second * 10), 322, String(second))),
            text('small end', right, 340, 'seconds'));
    }

    panel.append(trip.row, rate.row, ahead.row, auto.row, says.row,
        html('div', { class: 'row' }, ...play.buttons), time.row, line.svg,
        html('p', { class: 'legend' }, 'Blue: requests. Green: blocks, each as long as its part of the line. Five times slower than life.'),
        curve.svg,
        html('p', { class: 'legend' }, 'Dashed: what the line carries. Green: what comes. Purple: the setting before. Below: how much of the line is used.'));
    change();
};

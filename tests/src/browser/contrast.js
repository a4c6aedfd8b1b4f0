// How well colours can be told from the ground they stand on, as the contrast of WCAG 2: [name, ratio].
(() => {
    const main = document.querySelector('main');
    const probe = document.createElement('span');
    main.append(probe);
    // A canvas gives any colour as four numbers.
    const canvas = document.createElement('canvas').getContext('2d', { willReadFrequently: true });
    const numbers = (value, ground) => {
        probe.style.color = '';
        probe.style.color = value;
        canvas.fillStyle = ground || '#fff';
        canvas.fillRect(0, 0, 1, 1);
        canvas.fillStyle = getComputedStyle(probe).color;
        canvas.fillRect(0, 0, 1, 1);
        return canvas.getImageData(0, 0, 1, 1).data;
    };
    const luminance = ([r, g, b]) => {
        const part = value => {
            const v = value / 255;
            return v <= 0.04045 ? v / 12.92 : ((v + 0.055) / 1.055) ** 2.4;
        };
        return 0.2126 * part(r) + 0.7152 * part(g) + 0.0722 * part(b);
    };
    const ratio = (a, b) => {
        const [high, low] = [luminance(a), luminance(b)].sort((x, y) => y - x);
        return (high + 0.05) / (low + 0.05);
    };
    const ground = numbers('var(--bg)');
    const css = `rgb(${ground[0]}, ${ground[1]}, ${ground[2]})`;
    const found = ['--fg', '--links', '--fig-a', '--fig-b', '--fig-c', '--fig-d', '--fig-wrong']
        .map(name => [name, ratio(numbers(`var(${name})`, css), ground)]);
    const sidebar = numbers('var(--sidebar-bg)');
    const sidebarCss = `rgb(${sidebar[0]}, ${sidebar[1]}, ${sidebar[2]})`;
    for (const name of ['--sidebar-fg', '--sidebar-active', '--sidebar-non-existant']) {
        found.push([name, ratio(numbers(`var(${name})`, sidebarCss), sidebar)]);
    }
    for (const accent of ['a', 'b', 'c', 'd']) {
        const tint = numbers(`color-mix(in srgb, var(--fig-${accent}) 18%, transparent)`, css);
        found.push([`--fg on the tint ${accent}`, ratio(numbers('var(--fg)', css), tint)]);
        found.push([`the accent ${accent} on its tint`, ratio(numbers(`var(--fig-${accent})`, css), tint)]);
        found.push([`--bg on the solid ${accent}`, ratio(ground, numbers(`var(--fig-${accent})`, css))]);
    }
    probe.remove();
    return found;
})()

// Looks at the page as it is shown now. Returns what is wrong, as sentences.
(() => {
    const wrong = [];
    const width = document.documentElement.clientWidth;
    const words = element => (element.textContent || '').trim().replace(/\s+/g, ' ').slice(0, 40);

    // Nothing is wider than the page, but for what scrolls inside itself.
    const content = document.querySelector('#mdbook-content') || document.body;
    const scrolls = element => /auto|scroll|hidden|clip/.test(getComputedStyle(element).overflowX);
    const inside = element => {
        for (let up = element.parentElement; up && up !== content; up = up.parentElement) {
            if (scrolls(up)) return true;
        }
        return false;
    };
    const wide = [...content.querySelectorAll('*')].filter(element => {
        const box = element.getBoundingClientRect();
        const shown = box.width > 1 && box.height > 1 && getComputedStyle(element).visibility !== 'hidden';
        return shown && (box.right > width + 1 || box.left < -1) && !inside(element) && !element.closest('svg, nav');
    });
    for (const element of wide.slice(0, 3)) {
        const box = element.getBoundingClientRect();
        wrong.push(`<${element.localName}> reaches to ${Math.round(box.right)} of ${width} px: ${words(element)}`);
    }
    const pages = [document.documentElement, document.body, content];
    if (wide.length === 0 && pages.some(page => page.scrollWidth > page.clientWidth + 1)) {
        wrong.push('the page scrolls sideways');
    }

    // Figures have a size, and words that can be read: large enough, inside, and not on top of each other.
    for (const figure of document.querySelectorAll('main svg.fig')) {
        const name = figure.getAttribute('aria-labelledby');
        const box = figure.getBoundingClientRect();
        if (box.width < 150 || box.height < 20) {
            wrong.push(`${name} is ${Math.round(box.width)} × ${Math.round(box.height)} px`);
            continue;
        }
        const texts = [...figure.querySelectorAll('text')].map(text => {
            const matrix = text.getScreenCTM();
            const scale = Math.hypot(matrix.a, matrix.b);
            const sizes = [text, ...text.querySelectorAll('tspan')].map(part => parseFloat(getComputedStyle(part).fontSize));
            return { words: words(text), size: Math.min(...sizes) * scale, box: text.getBoundingClientRect() };
        }).filter(text => text.words && text.box.width > 0);
        for (const text of texts) {
            if (text.size < 8.95) wrong.push(`${name}: ${text.size.toFixed(1)} px: ${text.words}`);
            const cut = Math.max(box.left - text.box.left, text.box.right - box.right,
                box.top - text.box.top - 4, text.box.bottom - box.bottom - 4);
            if (cut > 1) wrong.push(`${name}: cut off by ${Math.round(cut)} px: ${text.words}`);
        }
        const core = box => ({
            left: box.left + 1, right: box.right - 1,
            top: box.top + box.height * 0.3, bottom: box.bottom - box.height * 0.25,
        });
        for (let i = 0; i < texts.length; i++) {
            for (let j = 0; j < i; j++) {
                const a = core(texts[i].box), b = core(texts[j].box);
                const x = Math.min(a.right, b.right) - Math.max(a.left, b.left);
                const y = Math.min(a.bottom, b.bottom) - Math.max(a.top, b.top);
                if (x > 1 && y > 1) wrong.push(`${name}: one on the other: ${texts[j].words} / ${texts[i].words}`);
            }
        }
    }
    for (const image of document.querySelectorAll('main img')) {
        if (image.complete && image.naturalWidth === 0) wrong.push(`no image: ${image.src}`);
    }
    return wrong;
})()

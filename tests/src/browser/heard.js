// Looks at the figures as they are read aloud, with all that can be played open. Returns what is wrong, as sentences.
(() => {
    const wrong = [];
    const named = element => {
        const label = element.getAttribute('aria-label') || element.labels?.[0]?.textContent;
        if (label) return label;
        if (element.matches('table')) return element.caption?.textContent;
        if (element.matches('fieldset')) return element.querySelector('legend')?.textContent;
        return element.matches('button, [role=option]') ? element.textContent.trim() : '';
    };
    const parts = ':is(input, select, textarea, button, table, fieldset, pre, [role], [tabindex])';
    for (const element of document.querySelectorAll(`.explorable .panel, .explorable .panel ${parts}`)) {
        if (!named(element)) wrong.push(`has no name: ${element.outerHTML.slice(0, 80)}`);
    }
    // One voice speaks, and what it says stands in the figure, too: nothing is read from there when it changes.
    const live = [...document.querySelectorAll('[role=status], [role=alert], [role=log], [aria-live], output:not([aria-hidden=true])')];
    if (live.length !== 1) wrong.push(`${live.length} voices: ${live.map(element => element.outerHTML.slice(0, 80))}`);
    // A figure is read as one sentence, once.
    for (const figure of document.querySelectorAll('main svg[role=img]')) {
        const name = figure.getAttribute('aria-labelledby') || figure.getAttribute('aria-label');
        const loud = [...figure.querySelectorAll('text')].filter(text => !text.closest('[aria-hidden=true]'));
        if (loud.length > 0) wrong.push(`${name}: ${loud.length} words are read one by one`);
        if (figure.querySelector('title') && figure.getAttribute('aria-description') !== '') wrong.push(`${name}: the title is read twice`);
    }
    return wrong;
})()

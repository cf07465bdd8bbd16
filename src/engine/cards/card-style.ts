const SERIES = ['#2563eb', '#d97706', '#059669', '#db2777', '#7c3aed', '#0891b2', '#65a30d', '#dc2626'];

/** The style sheet of every card, part of its HTML. */
export const CARD_STYLE = `
:root{color-scheme:light dark;--ink:#1b1f24;--dim:#5b6470;--line:#d8dde3;--soft:#f4f6f8;--page:#fff;--bad:#b42318;--good:#067647;--link:#1d4ed8}
@media(prefers-color-scheme:dark){:root{--ink:#e6e9ed;--dim:#9aa4b0;--line:#343b44;--soft:#1c2128;--page:#12161b;--bad:#f97066;--good:#47cd89;--link:#84adff}}
body{margin:0;background:var(--page);color:var(--ink);font:15px/1.55 system-ui,sans-serif}
main{max-width:52rem;margin:0 auto;padding:2rem 1.25rem 4rem}
h1{font-size:1.6rem;margin:.2rem 0 1rem}h2{font-size:1.15rem;margin:2rem 0 .6rem}
.path,.note,figcaption,caption,dt,.name{color:var(--dim)}.path{overflow-wrap:anywhere;margin:0}.note{font-size:.9em}
dl{display:grid;grid-template-columns:max-content 1fr;gap:.1rem 1.2rem;margin:0}dd{margin:0;overflow-wrap:anywhere}
.successful{color:var(--good)}.failed,.problem{color:var(--bad)}
a{color:var(--link)}img{max-width:100%;height:auto}
pre{background:var(--soft);border-radius:6px;padding:.7rem .9rem;overflow:auto;white-space:pre-wrap;overflow-wrap:anywhere}
code,pre{font:.88em/1.5 ui-monospace,monospace}
blockquote{margin:1rem 0;padding-left:1rem;border-left:3px solid var(--line);color:var(--dim)}
.wide{overflow-x:auto}table{border-collapse:collapse;margin:.8rem 0}caption,figcaption{text-align:left;font-weight:600;padding:.2rem 0}
th,td{text-align:left;padding:.3rem .8rem;border-bottom:1px solid var(--line);vertical-align:top}
.number{text-align:right;font-variant-numeric:tabular-nums}.preview{overflow-wrap:anywhere;max-width:24rem}
figure{margin:1.2rem 0}.legend{list-style:none;display:flex;flex-wrap:wrap;gap:.1rem 1.2rem;margin:0;padding:0;font-size:.9em}
.legend li::before{content:"";display:inline-block;width:.7em;height:.7em;margin-right:.45em;border-radius:2px;background:var(--series)}
.chart{width:100%;height:auto;font-size:12px}.chart text{fill:var(--dim)}.chart .x{text-anchor:middle}
.chart .y{text-anchor:end;dominant-baseline:middle}.grid{stroke:var(--line)}.axis{stroke:var(--dim)}
rect,circle{fill:var(--series)}polyline{fill:none;stroke:var(--series);stroke-width:2;stroke-linejoin:round}
${SERIES.map((colour, index) => `.s${index}{--series:${colour}}`).join('')}
`;

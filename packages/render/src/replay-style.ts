/** The style sheet of `<text-diffusion>`, dark and light. */
export const replayStyle = `
  :host { display: block; color-scheme: light dark; --ink: light-dark(#1d2026, #e6e7ea); --soft: light-dark(#667, #9aa0ac);
    --paper: light-dark(#fff, #16181d); --line: light-dark(#dfe2e8, #2c3038); --mask: light-dark(#dde1ea, #2b303b);
    --fresh: light-dark(#ffe9a8, #5a4708); --accent: light-dark(#3457d5, #8ea6ff);
    color: var(--ink); font: 16px/1.7 system-ui, sans-serif; }
  .panels { display: grid; gap: 1rem; grid-template-columns: repeat(auto-fit, minmax(min(100%, 22rem), 1fr)); }
  section { background: var(--paper); border: 1px solid var(--line); border-radius: 12px; padding: 1rem 1.25rem; min-width: 0; }
  h2 { font-size: .95rem; margin: 0; display: inline; }
  .state { color: var(--soft); font-size: .85rem; font-variant-numeric: tabular-nums; margin-inline-start: .75rem; }
  .bar { height: 3px; border-radius: 2px; background: var(--line); margin: .6rem 0 .9rem; overflow: hidden; }
  .bar div { height: 100%; background: var(--accent); }
  p { margin: 0 0 .8rem; white-space: pre-wrap; overflow-wrap: anywhere; }
  p:last-child { margin: 0; }
  p.narrow { font-family: ui-monospace, "DejaVu Sans Mono", Menlo, Consolas, monospace; font-size: .95rem; word-break: break-all; }
  p.whole { word-break: normal; }
  .given { color: var(--soft); }
  .mask { background: var(--mask); border-radius: 4px; color: transparent; user-select: none; margin-inline: .5px; }
  .wide .mask { margin-inline: 2px; display: inline-block; line-height: 1.2; }
  .fresh { background: var(--fresh); border-radius: 3px; }
  [role="button"] { cursor: pointer; }
  form { display: flex; flex-wrap: wrap; gap: .6rem .9rem; align-items: center; margin-top: .9rem; color: var(--soft); font-size: .85rem; }
  button, select { font: inherit; color: var(--ink); background: var(--paper); border: 1px solid var(--line); border-radius: 8px; padding: .35rem .8rem; }
  button { min-width: 5.5rem; cursor: pointer; }
  input { flex: 1 1 12rem; accent-color: var(--accent); }
  :focus-visible { outline: 2px solid var(--accent); outline-offset: 2px; }
  :host(:focus-visible) { outline: 2px solid var(--accent); outline-offset: 8px; border-radius: 8px; }
`;

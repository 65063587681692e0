// Starts the Ebiten stage inside its host. Ebiten knows no other parent than
// document.body, reads raw client coordinates, keeps every key and asks for every
// frame of the display: all of that is put right here, before Go runs.
import { fetchBytes } from './load.js';

// startStage resolves to the stage's verbs. progress is told what share of it has come;
// ended, once, that it shows nothing any more, where it stopped or the browser took its
// WebGL context (phones do, of pages in the background): then another one may be started.
export async function startStage(host, progress, ended) {
  if (!document.createElement('canvas').getContext('webgl2')) {
    throw new Error('this browser gives it no WebGL 2. Allow hardware acceleration in its settings, or try another browser');
  }
  if (!module) {
    prepare(host);
    module = await WebAssembly.compile(await fetchBytes('stage.wasm', progress));
  }
  globalThis.mien = globalThis.mien || {};
  delete globalThis.mien.stage;
  const frames = gate();
  const end = once(() => { frames.close(); host.querySelector('canvas')?.remove(); ended(); });
  lost = end;
  const go = new globalThis.Go();
  go.run(await WebAssembly.instantiate(module, go.importObject)).catch((err) => console.error('stage', err)).then(end);
  while (!globalThis.mien.stage) await new Promise((r) => setTimeout(r, 10));
  frames.leave();
  const verbs = globalThis.mien.stage;
  for (const [name, verb] of Object.entries(verbs)) {
    verbs[name] = (...args) => { verb(...args); frames.wake(); };
  }
  wake = frames.wake;
  return verbs;
}

let module = null;   // of stage.wasm
let wake = () => {}; // the stage that is shown
let lost = () => {}; // ends it

function once(f) {
  let done = false;
  return () => { if (!done) { done = true; f(); } };
}

// prepare makes host a body to Ebiten.
function prepare(host) {
  Object.defineProperty(document, 'body', { configurable: true, get: () => host });
  new ResizeObserver(() => window.dispatchEvent(new Event('resize'))).observe(host);
  for (const type of ['mousemove', 'mousedown', 'mouseup']) {
    host.addEventListener(type, shift, { capture: true });
  }
  host.addEventListener('keydown', (e) => { if (e.key === 'Tab') e.stopImmediatePropagation(); }, { capture: true });
  host.addEventListener('webglcontextlost', (e) => { e.stopImmediatePropagation(); lost(); }, { capture: true });
  new MutationObserver(() => {
    const canvas = host.querySelector('canvas');
    if (!canvas || canvas.getAttribute('role')) return;
    canvas.tabIndex = 0;
    canvas.setAttribute('role', 'img');
    canvas.setAttribute('aria-label', 'The photo with the edited expression');
  }).observe(host, { childList: true });
  for (const event of ['resize', 'focus', 'pageshow']) window.addEventListener(event, () => wake());
  document.addEventListener('visibilitychange', () => wake());
}

// How many frames the stage gets after it was told something, more than Ebiten needs to
// follow. While the stage moves it gets all.
const enough = 10;

// gate stands before requestAnimationFrame until leave, so that Ebiten takes it for that:
// it hands out frames while the stage has something to show, and keeps the callback
// otherwise. Frames of nothing new took a seventh of a core.
function gate() {
  const ask = window.requestAnimationFrame;
  let held = null, closed = false;
  let owed = Infinity; // until it is told something
  const hand = (callback) => {
    owed--;
    globalThis.mien.frames = (globalThis.mien.frames || 0) + 1; // for tests
    return ask.call(window, callback);
  };
  window.requestAnimationFrame = (callback) => {
    if (closed) return 0;
    if (owed > 0 || document.documentElement.dataset.stage === 'easing') return hand(callback);
    held = callback;
    return 0;
  };
  return {
    leave() { window.requestAnimationFrame = ask; },
    close() { closed = true; },
    wake() {
      owed = enough;
      if (!held || closed) return;
      hand(held);
      held = null;
    },
  };
}

function shift(e) {
  const r = e.currentTarget.getBoundingClientRect();
  Object.defineProperty(e, 'clientX', { value: e.clientX - r.left });
  Object.defineProperty(e, 'clientY', { value: e.clientY - r.top });
}

// Starts the Ebiten stage inside its host. Ebiten knows no other parent than
// document.body, reads raw client coordinates, keeps every key and asks for every
// frame of the display: all of that is put right here, before Go runs.
import { fetchBytes } from './load.js';

export async function startStage(host, progress) {
  Object.defineProperty(document, 'body', { configurable: true, get: () => host });
  new ResizeObserver(() => window.dispatchEvent(new Event('resize'))).observe(host);
  for (const type of ['mousemove', 'mousedown', 'mouseup']) {
    host.addEventListener(type, shift, { capture: true });
  }
  host.addEventListener('keydown', (e) => { if (e.key === 'Tab') e.stopImmediatePropagation(); }, { capture: true });
  host.addEventListener('webglcontextlost', (e) => { e.preventDefault(); e.stopImmediatePropagation(); }, { capture: true });
  new MutationObserver(() => {
    const canvas = host.querySelector('canvas');
    if (!canvas || canvas.getAttribute('role')) return;
    canvas.tabIndex = 0;
    canvas.setAttribute('role', 'img');
    canvas.setAttribute('aria-label', 'The photo with the edited expression');
  }).observe(host, { childList: true });
  globalThis.mien = globalThis.mien || {};
  const frames = gate();
  const go = new globalThis.Go();
  const bytes = await fetchBytes('stage.wasm', progress);
  const { instance } = await WebAssembly.instantiate(bytes, go.importObject);
  go.run(instance).catch((err) => console.error('stage stopped', err));
  while (!globalThis.mien.stage) await new Promise((r) => setTimeout(r, 10));
  frames.leave();
  const verbs = globalThis.mien.stage;
  for (const [name, verb] of Object.entries(verbs)) {
    verbs[name] = (...args) => { verb(...args); frames.wake(); };
  }
  for (const event of ['resize', 'focus', 'pageshow']) window.addEventListener(event, frames.wake);
  document.addEventListener('visibilitychange', frames.wake);
  return verbs;
}

// How many frames the stage gets after it was told something, more than Ebiten needs to
// follow. While the stage moves it gets all.
const enough = 10;

// gate stands before requestAnimationFrame until leave, so that Ebiten takes it for that:
// it hands out frames while the stage has something to show, and keeps the callback
// otherwise. Frames of nothing new took a seventh of a core.
function gate() {
  const ask = window.requestAnimationFrame;
  let held = null;
  let owed = Infinity; // until it is told something
  const hand = (callback) => {
    owed--;
    globalThis.mien.frames = (globalThis.mien.frames || 0) + 1; // for tests
    return ask.call(window, callback);
  };
  window.requestAnimationFrame = (callback) => {
    if (owed > 0 || document.documentElement.dataset.stage === 'easing') return hand(callback);
    held = callback;
    return 0;
  };
  return {
    leave() { window.requestAnimationFrame = ask; },
    wake() {
      owed = enough;
      if (!held) return;
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

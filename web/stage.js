// Starts the Ebiten stage inside its host. Ebiten knows no other parent than
// document.body, reads raw client coordinates and keeps every key: all of that
// is put right here, before Go runs.
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
  const go = new globalThis.Go();
  const bytes = await fetchBytes('stage.wasm', progress);
  const { instance } = await WebAssembly.instantiate(bytes, go.importObject);
  go.run(instance).catch((err) => console.error('stage stopped', err));
  while (!globalThis.mien.stage) await new Promise((r) => setTimeout(r, 10));
  return globalThis.mien.stage;
}

function shift(e) {
  const r = e.currentTarget.getBoundingClientRect();
  Object.defineProperty(e, 'clientX', { value: e.clientX - r.left });
  Object.defineProperty(e, 'clientY', { value: e.clientY - r.top });
}

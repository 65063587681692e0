// Who draws: the processor or the GPU. The visitor's choice is kept for the
// next visit; the worker follows it and says what came of it.
const key = 'mien.device';
const select = document.getElementById('device');
const page = document.documentElement;

// How long after the first picture the worker is asked to look for a GPU, so
// that nothing of that delays it.
const pause = 500; // ms

const waiting = { auto: 'Looking which is faster.', gpu: 'Getting the GPU ready.', cpu: '' };

// Storage may be forbidden; then the choice lasts as long as the page.
function remembered() {
  try { return localStorage.getItem(key); } catch { return null; }
}

function remember(mode) {
  try { localStorage.setItem(key, mode); } catch { /* see above */ }
}

export class Device {
  #worker;
  #asked = false;

  constructor(worker) {
    this.#worker = worker;
    const mode = remembered();
    if ([...select.options].some((o) => o.value === mode)) select.value = mode;
    select.addEventListener('change', () => { remember(select.value); this.#ask(); });
  }

  // start asks once, when there is a picture and a generator to draw it.
  start() {
    if (this.#asked || page.dataset.photo !== 'ready' || !page.dataset.weights) return;
    this.#asked = true;
    setTimeout(() => this.#ask(), pause);
  }

  #ask() {
    this.#asked = true;
    delete page.dataset.device;
    document.getElementById('device-state').textContent = waiting[select.value];
    this.#worker.postMessage({ type: 'device', mode: select.value });
  }

  // told shows who draws from now on.
  told(m) {
    if (m.error) console.warn('GPU:', m.error);
    page.dataset.device = m.device;
    document.getElementById('device-state').textContent = m.text;
  }
}

// Starts our runtime in a worker that compares it with others, after
// wasm_exec.js, share.js and kernel.js.

const bytesOf = async (name) => {
  const answer = await fetch(name);
  if (!answer.ok) throw new Error(`${name}: ${answer.status}`);
  return new Uint8Array(await answer.arrayBuffer());
};

function spawn(module, memory, gate) {
  const more = Math.min(2, navigator.hardwareConcurrency) - 1;
  for (let i = 0; i < more; i++) new Worker('thread.js').postMessage({ module, memory, gate, thread: i + 1 });
  return more;
}

async function startOurs() {
  const go = new Go();
  go.importObject.mien = mienKernel.imports;
  const bytes = await bytesOf('pagerun.wasm');
  const shared = await mienShare.instantiate(bytes, go.importObject);
  if (!shared) throw new Error('the page is not cross-origin isolated');
  await mienKernel.start(shared.memory, bytesOf, spawn);
  const ready = new Promise((done) => { globalThis.mienReady = done; });
  go.run(shared.instance);
  await ready;
}

const started = startOurs();

// ours calls a verb of mienRun.
function ours(verb, ...args) {
  const v = mienRun[verb](...args);
  if (v instanceof Error) throw v;
  return v;
}

// answer serves requests, an object of functions by name.
function answer(requests) {
  onmessage = async ({ data }) => {
    try {
      postMessage(await requests[data.do](data));
    } catch (err) {
      postMessage({ error: `${data.do}: ${err.message}` });
    }
  };
}

// timed is how long f takes, in ms, after a run of its own that is not counted, as
// between frames of a moving slider: what another runtime left in the caches is
// nobody's concern.
async function timed(f) {
  await f();
  const t = performance.now();
  await f();
  return performance.now() - t;
}

// Runs the Go worker. Messages that come before Go listens are kept for it.
importScripts('wasm_exec.js', 'share.js', 'kernel.js');
const early = [];
onmessage = (e) => early.push(e);

// At most so many threads compute; ?threads=1 in the page's address asks for
// fewer, to compare.
const mostThreads = 8;
const asked = Number(new URLSearchParams(location.search).get('threads')) || mostThreads;

// spawn starts the threads beside this one.
function spawn(module, memory, gate) {
  const more = Math.min(asked, mostThreads, navigator.hardwareConcurrency || 1) - 1;
  for (let i = 0; i < more; i++) {
    const thread = new Worker('thread.js');
    thread.onerror = (e) => console.warn('a thread ended', e.message); // its parts are left to the others
    thread.postMessage({ module, memory, gate, thread: i + 1 });
  }
  return more;
}

async function start() {
  const go = new Go();
  go.importObject.mien = mienKernel.imports;
  const bytes = new Uint8Array(await (await fetch('worker.wasm')).arrayBuffer());
  const shared = await mienShare.instantiate(bytes, go.importObject).catch((err) => {
    console.warn('threads are not used', err);
    return null;
  });
  const instance = shared ? shared.instance : (await WebAssembly.instantiate(bytes, go.importObject)).instance;
  await mienKernel.start(shared ? shared.memory : instance.exports.mem, async (name) => (await fetch(name)).arrayBuffer(), spawn);
  const first = onmessage;
  go.run(instance);
  if (onmessage !== first) for (const e of early) onmessage(e);
}

start().catch((err) => postMessage({ type: 'error', text: `The worker could not start: ${err.message}` }));

// Runs the Go worker. Messages that come before Go listens are kept for it.
importScripts('wasm_exec.js');
const early = [];
onmessage = (e) => early.push(e);
const go = new Go();
fetch('worker.wasm').then((answer) => WebAssembly.instantiateStreaming(answer, go.importObject)).then(({ instance }) => {
  const first = onmessage;
  go.run(instance);
  if (onmessage !== first) for (const e of early) onmessage(e);
}).catch((err) => postMessage({ type: 'error', text: `The worker could not start: ${err.message}` }));

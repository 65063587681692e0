// One more thread for run.cjs.
require('v8').setFlagsFromString('--experimental-wasm-relaxed-simd');
require('../../web/kernel.js');
const { workerData } = require('worker_threads');
mienKernel.serve(workerData.module, workerData.memory, workerData.gate, workerData.thread);

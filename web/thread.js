// One more thread for the vector kernels: see kernel.js.
importScripts('kernel.js');
onmessage = ({ data: { module, memory, gate, thread } }) => mienKernel.serve(module, memory, gate, thread);

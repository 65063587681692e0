// One more thread for the vector kernels: see kernel.js.
importScripts('kernel.js');
onmessage = ({ data: { module, memory, gate } }) => mienKernel.serve(module, memory, gate);

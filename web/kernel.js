// Lends a Go program the vector kernels of kernel.wasm, which Go's compiler
// cannot make itself. They work on Go's own memory, so they start after Go's
// module is there and before it runs. Without them Go's own loops serve.
globalThis.mienKernel = (() => {
  let level = 0;
  let kernel = {};
  return {
    // The module "mien" that Go imports.
    imports: {
      level: () => level,
      block: (n, rows, outs, k, terms, a, b, stride, c, cols, add, dense) =>
        kernel.block(n, rows, outs, k, terms, a, b, stride, c, cols, add, dense),
    },
    // start takes the best build that this machine runs; read gets a file's
    // bytes by name.
    async start(memory, read) {
      for (const [name, l] of [['kernel-fma.wasm', 2], ['kernel.wasm', 1]]) {
        try {
          const bytes = await read(name);
          if (!WebAssembly.validate(bytes)) continue;
          const { instance } = await WebAssembly.instantiate(bytes, { env: { memory } });
          kernel = instance.exports;
          level = l;
          return;
        } catch (err) {
          console.warn(`${name} is not used`, err);
        }
      }
    },
  };
})();

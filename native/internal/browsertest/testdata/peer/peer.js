// Runs the same networks in onnxruntime-web and in ours, in turn.
importScripts('wasm_exec.js', 'share.js', 'kernel.js', 'ours.js', 'ort/ort.wasm.min.js');
ort.env.wasm.wasmPaths = new URL('ort/', location.href).href;
ort.env.wasm.numThreads = 1;

// The network in use.
let inputs, session, id, kept; // kept is ours with the photo's features kept

// noise is the same for the same seed (xorshift).
function noise(n, seed, span) {
  const x = new Float32Array(n);
  let s = seed * 2654435761 | 1;
  for (let i = 0; i < n; i++) {
    s ^= s << 13; s ^= s >>> 17; s ^= s << 5;
    x[i] = s / 2 ** 31 * span;
  }
  return x;
}

const requests = {
  // load takes NAME.safetensors and NAME.onnx; shapes are those of the inputs.
  async load({ name, shapes }) {
    await started;
    session = await ort.InferenceSession.create(await bytesOf(`${name}.onnx`), { executionProviders: ['wasm'] });
    const file = await bytesOf(`${name}.safetensors`);
    id = ours('load', file, '');
    kept = ours('load', file, 'change');
    inputs = {};
    for (const [input, dims] of Object.entries(shapes)) {
      const x = noise(dims.reduce((a, b) => a * b, 1), 7, input === 'change' ? 3 : 1);
      inputs[input] = new ort.Tensor('float32', x, dims);
      ours('write', id, input, x);
      ours('write', kept, input, x);
    }
    return { threads: ours('threads', 2) };
  },
  // differ runs both and returns the largest difference of each output.
  async differ({ threads }) {
    ours('threads', threads);
    ours('run', id);
    const theirs = await session.run(inputs);
    const worst = {};
    for (const [name, { data }] of Object.entries(theirs)) {
      const x = ours('read', id, name);
      if (x.length !== data.length) throw new Error(`${name}: ${x.length} numbers, ${data.length} there`);
      worst[name] = x.reduce((m, v, i) => Math.max(m, Math.abs(v - data[i])), 0);
      if (Number.isNaN(worst[name])) throw new Error(`${name} is not a number`);
    }
    return worst;
  },
  // round times a frame of each, one after the other, in ms.
  async round() {
    const frame = (threads) => timed(() => { ours('threads', threads); ours('run', id); });
    const times = { one: await frame(1), peer: await timed(() => session.run(inputs)), two: await frame(2) };
    inputs.change.data[8] = (inputs.change.data[8] + .5) % 3; // a slider
    ours('threads', 1);
    times.kept = await timed(() => { ours('write', kept, 'change', inputs.change.data); ours('run', kept); });
    return times;
  },
};

answer(requests);

// Runs the face networks in TensorFlow.js (its WebAssembly backend, SIMD, one
// thread) and in ours, in turn.
// TensorFlow.js comes first: it takes the process that Go's script makes up for
// Node's.
importScripts('tf/tf.min.js', 'tfwasm/tf-backend-wasm.min.js', 'wasm_exec.js', 'share.js', 'kernel.js', 'ours.js');

async function startTheirs() {
  tf.wasm.setWasmPaths(new URL('tfwasm/', location.href).href);
  tf.env().set('WASM_HAS_MULTITHREAD_SUPPORT', false);
  await tf.setBackend('wasm');
  await tf.ready();
}

const theirs = startTheirs();

// The network in use.
let id, model, photo, first;

const requests = {
  // load takes NAME.safetensors, TensorFlow's graph, and the photo as floats.
  async load({ name, graph, input, side, output, theirOutput }) {
    await Promise.all([started, theirs]);
    model = await tf.loadGraphModel(new URL(`models/${graph}.json`, location.href).href);
    id = ours('load', await bytesOf(`${name}.safetensors`), '');
    ours('threads', 1);
    const x = new Float32Array((await bytesOf(input)).buffer);
    ours('write', id, 'photo', x);
    photo = tf.tensor4d(x, [1, side, side, 3]);
    first = { output, theirOutput };
    return { backend: tf.getBackend(), simd: await tf.env().getAsync('WASM_HAS_SIMD_SUPPORT') };
  },
  // differ is the largest difference of one output.
  async differ() {
    ours('run', id);
    const got = ours('read', id, first.output);
    const t = model.execute(photo, first.theirOutput);
    const want = await t.data();
    if (want.length !== got.length) throw new Error(`${got.length} numbers, ${want.length} there`);
    return { worst: got.reduce((m, v, i) => Math.max(m, Math.abs(v - want[i])), 0) };
  },
  // round times a frame of each, in ms.
  async round() {
    return {
      one: await timed(() => { ours('run', id); }),
      peer: await timed(() => {
        const out = [model.predict(photo)].flatMap((t) => t instanceof tf.Tensor ? [t] : Array.isArray(t) ? t : Object.values(t));
        for (const t of out) { t.dataSync(); t.dispose(); }
      }),
    };
  },
};

answer(requests);

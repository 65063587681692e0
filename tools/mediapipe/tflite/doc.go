// Package tflite reads TensorFlow Lite model files. model.fbs names the tables
// that are read; flatc 2.0.8 (Debian's flatbuffers-compiler) writes the reader.
package tflite

//go:generate sh -c "flatc --go --gen-onefile --gen-object-api --go-namespace tflite model.fbs && gofmt -w model_generated.go"

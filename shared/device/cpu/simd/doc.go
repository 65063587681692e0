// Package simd is Go's side of the page's vector kernels (wasm/kernel): loops in
// C on Go's own memory, on several threads where the page has lent some. It has
// code for js/wasm alone.
package simd

// Command convert makes the packaged face detector ready: it reads the weights of
// SSD-MobileNetV1 as the npm package @vladmandic/face-api carries them
// (TensorFlow.js, 8-bit, MIT) and writes the network as ONNX, height and width
// free: in floating point, and in 8-bit integers. The same input gives the same bytes on every machine; both are pinned.
//
//	convert -in node_modules/@vladmandic/face-api/model -out share
package main

import (
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"flag"
	"fmt"
	"os"
	"path/filepath"

	"safehouse/internal/face"
)

// The files of the package, and the SHA-256 of the ones this was written for.
const (
	manifestFile = "ssd_mobilenetv1_model-weights_manifest.json"
	weightsFile  = "ssd_mobilenetv1_model.bin"

	manifestHash = "888f744dffbc84f5f060d1f8427d9742341943a2dfaaf9205d10029b7e7a2955"
	weightsHash  = "2835640602d53718aa6ae9a42896327eaa21beefed056c218d32ca7d79e1e2f8"
)

func main() {
	in := flag.String("in", "node_modules/@vladmandic/face-api/model", "folder with the package's weights")
	out := flag.String("out", "share", "folder to write to")
	flag.Parse()
	if err := convert(*in, *out); err != nil {
		fmt.Fprintln(os.Stderr, "convert:", err)
		os.Exit(1)
	}
}

func convert(in, out string) error {
	description, err := pinned(filepath.Join(in, manifestFile), manifestHash)
	if err != nil {
		return err
	}
	raw, err := pinned(filepath.Join(in, weightsFile), weightsHash)
	if err != nil {
		return err
	}
	w, err := readWeights(description, raw)
	if err != nil {
		return err
	}
	if err := os.MkdirAll(out, 0o755); err != nil {
		return err
	}
	return errors.Join(
		keep(w, typeFloat, filepath.Join(out, face.SSDFile), face.SSDHash),
		keep(w, typeUint8, filepath.Join(out, face.SSDBytesFile), face.SSDBytesHash),
	)
}

func keep(w weights, element int64, path, want string) error {
	model, err := ssd(w, element)
	if err != nil {
		return err
	}
	if sum := hash(model); sum != want {
		return fmt.Errorf("the model came out as %s, not as %s: this program and its pin disagree", sum, want)
	}
	if err := os.WriteFile(path+".part", model, 0o644); err != nil {
		return err
	}
	return os.Rename(path+".part", path)
}

func hash(b []byte) string {
	sum := sha256.Sum256(b)
	return hex.EncodeToString(sum[:])
}

func pinned(path, want string) ([]byte, error) {
	b, err := os.ReadFile(path)
	if err != nil {
		return nil, err
	}
	if got := hash(b); got != want {
		return nil, fmt.Errorf("%s has SHA-256 %s, expected %s", path, got, want)
	}
	return b, nil
}

package face

import (
	"crypto/sha256"
	"debug/elf"
	"encoding/hex"
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"runtime"
	"slices"

	ort "github.com/yalue/onnxruntime_go"
)

// The files that set-up puts into the share folder, by their SHA-256. What has
// another hash is not loaded.
const (
	RuntimeFile  = "libonnxruntime.so.1"
	SSDFile      = "ssd_mobilenetv1.onnx"
	SSDBytesFile = "ssd_mobilenetv1_8bit.onnx"
	YuNetFile    = "yunet_2023mar.onnx"

	SSDHash      = "8c1300f52b9d82eb559387840bed4c216d73e97007b370a4092080c48e4c1267"
	SSDBytesHash = "4a916921d3ca648569e418618b2b308a832b6570d3031bdce64cbed140984cd1"
)

// ONNX Runtime 1.27.0 from npm onnxruntime-node. Builds from 1.29 on send
// telemetry: they are never loaded.
var runtimeHash = map[string]string{
	"amd64": "d8aff4aa8abee8fb2abb2f2f2459ffc94461e781e41b9f7c072829dd0d470221",
	"arm64": "c36bc200e7e6c093b8abb0b34590fbdd8c52fd3fb5e33795b9523ffdde2fce0f",
}

// yunetHashes are the official file of 2023-03 and an export of the same network
// with free height and width.
var yunetHashes = []string{
	"8f2383e4dd3cfbb4553ea8718107fc0423210dc964f9f4280604804ed2552fa4",
	"6aaa7cf4f5c4d2c29518bd6098fe46d7464c7272e0910692881c8f6cf975d4c5",
}

// ErrHash is returned for a file that is not the one this program was made with.
var ErrHash = errors.New("not the file that this program was made with")

// Start loads the runtime, once a process.
func Start(share string) error {
	path := filepath.Join(share, RuntimeFile)
	if err := pinned(path, runtimeHash[runtime.GOARCH]); err != nil {
		return err
	}
	if err := offline(path); err != nil {
		return err
	}
	if err := os.Setenv("ORT_DISABLE_TELEMETRY", "1"); err != nil {
		return err
	}
	ort.SetSharedLibraryPath(path)
	if err := ort.InitializeEnvironment(); err != nil {
		return fmt.Errorf("start the runtime: %w", err)
	}
	return nil
}

func pinned(path string, want ...string) error {
	f, err := os.Open(path)
	if err != nil {
		return err
	}
	defer f.Close()
	sum := sha256.New()
	if _, err := io.Copy(sum, f); err != nil {
		return err
	}
	if got := hex.EncodeToString(sum.Sum(nil)); !slices.Contains(want, got) {
		return fmt.Errorf("%s has SHA-256 %s: %w", filepath.Base(path), got, ErrHash)
	}
	return nil
}

// networkSymbols are what a library that talks to other machines imports.
var networkSymbols = []string{"connect", "getaddrinfo", "gethostbyname", "curl_easy_perform"}

// offline refuses a library that could talk to other machines.
func offline(path string) error {
	f, err := elf.Open(path)
	if err != nil {
		return err
	}
	defer f.Close()
	symbols, err := f.ImportedSymbols()
	if err != nil {
		return err
	}
	for _, s := range symbols {
		if slices.Contains(networkSymbols, s.Name) {
			return fmt.Errorf("%s imports %s: %w", filepath.Base(path), s.Name, ErrHash)
		}
	}
	return nil
}

// A network is one loaded model with one thread of its own: a session a core is
// faster than one session on all cores.
type network struct {
	session *ort.DynamicAdvancedSession
	outputs int
}

func load(model []byte, outputs ...string) (*network, error) {
	return loadNamed(model, "input", outputs...)
}

func loadNamed(model []byte, input string, outputs ...string) (*network, error) {
	options, err := ort.NewSessionOptions()
	if err != nil {
		return nil, err
	}
	defer options.Destroy()
	err = errors.Join(
		options.SetIntraOpNumThreads(1),
		options.SetInterOpNumThreads(1),
		options.AddSessionConfigEntry("session.intra_op.allow_spinning", "0"),
		options.SetGraphOptimizationLevel(ort.GraphOptimizationLevelEnableAll),
	)
	if err != nil {
		return nil, err
	}
	s, err := ort.NewDynamicAdvancedSessionWithONNXData(model, []string{input}, outputs, options)
	if err != nil {
		return nil, err
	}
	return &network{session: s, outputs: len(outputs)}, nil
}

// run computes the outputs for a planar picture of w×h and hands them to use.
func (n *network) run(planes []float32, w, h int, use func(outputs [][]float32)) error {
	in, err := ort.NewTensor(ort.NewShape(1, 3, int64(h), int64(w)), planes)
	if err != nil {
		return err
	}
	return n.runOn(in, use)
}

// runBytes is run for a network that reads bytes.
func (n *network) runBytes(planes []byte, w, h int, use func(outputs [][]float32)) error {
	in, err := ort.NewTensor(ort.NewShape(1, 3, int64(h), int64(w)), planes)
	if err != nil {
		return err
	}
	return n.runOn(in, use)
}

func (n *network) runOn(in ort.Value, use func(outputs [][]float32)) error {
	defer in.Destroy()
	values := make([]ort.Value, n.outputs)
	if err := n.session.Run([]ort.Value{in}, values); err != nil {
		return err
	}
	out := make([][]float32, n.outputs)
	for i, v := range values {
		defer v.Destroy()
		t, ok := v.(*ort.Tensor[float32])
		if !ok {
			return fmt.Errorf("output %d is not a float tensor", i)
		}
		out[i] = t.GetData()
	}
	use(out)
	return nil
}

func (n *network) close() error { return n.session.Destroy() }

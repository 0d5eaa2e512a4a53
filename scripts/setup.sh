#!/usr/bin/env bash
# Brings what the program needs to build and to run, and says what it does.
#
#   scripts/setup.sh          to build and run
#   scripts/setup.sh test     also what the tests need
#
# May be run again at any time: what is there is not brought twice. Every file
# that the program loads is checked against the hash that the program was made
# with. SAFEHOUSE_MODELS names a folder with further face detectors.
set -euo pipefail
cd "$(dirname "$0")/.."

run_packages=(ca-certificates gcc libc6-dev ffmpeg libheif-examples jq zip unzip tesseract-ocr tesseract-ocr-eng tesseract-ocr-kor tesseract-ocr-chi-sim)
test_packages=(age strace libimage-exiftool-perl mat2 poppler-utils chromium fonts-noto-cjk unicode-data libhangul-data gimp-help-ko manpages-zh)

say() { printf 'setup: %s\n' "$*"; }
fail() { printf 'setup: %s\n' "$*" >&2; exit 1; }

scratch=$(mktemp -d /tmp/safehouse-setup.XXXXXX)
trap 'rm -rf "$scratch"' EXIT
chmod 1777 "$scratch" # apt checks signatures as another user
export TMPDIR=$scratch

sha() { sha256sum "$1" 2>/dev/null | cut -d' ' -f1; }

# pin NAME PATTERN: a hash as internal/face has it, the one place for pins
pin() {
	local hash
	hash=$(sed -nE "s/^.*$1.*\"([0-9a-f]{64})\".*$/\\1/p" internal/face/runtime.go | head -n 1)
	[ -n "$hash" ] || fail "no pin for $1 in internal/face/runtime.go"
	printf '%s' "$hash"
}

# replace FROM TO: TO is whole or as it was
replace() {
	cp "$1" "$2.part"
	mv "$2.part" "$2"
}

check_tools() {
	local tool missing=()
	for tool in go node npm git; do
		command -v "$tool" >/dev/null || missing+=("$tool")
	done
	[ ${#missing[@]} -eq 0 ] || fail "not found: ${missing[*]}. Go $(sed -n 's/^go //p' go.mod), Node 18 or newer with npm, and git must be installed first."
}

# --- Debian packages

installed() { [ "$(dpkg-query -W -f '${db:Status-Status}' "$1" 2>/dev/null)" = installed ]; }

# as_root COMMAND…: with root's rights, or not at all
as_root() {
	if [ "$(id -u)" -eq 0 ]; then
		"$@"
	else
		sudo "$@"
	fi
}

may_be_root() {
	[ "$(id -u)" -eq 0 ] && return
	command -v sudo >/dev/null || return
	sudo -n true 2>/dev/null || [ -t 0 ] # with a terminal sudo can ask
}

system_packages() {
	local package missing=()
	command -v dpkg-query >/dev/null || fail "this is not Debian. Install what is called there: $*"
	for package in "$@"; do
		installed "$package" || missing+=("$package")
	done
	if [ ${#missing[@]} -eq 0 ]; then
		say "system packages: all there"
		return
	fi
	if ! may_be_root; then
		local root="su -c"
		! command -v sudo >/dev/null || root="sudo sh -c"
		say "system packages are missing and this user may not install them. Run this, then the same again:"
		printf '\n    %s "apt-get update && apt-get install -y --no-install-recommends %s"\n\n' "$root" "${missing[*]}"
		exit 1
	fi
	say "system packages: installing ${missing[*]}"
	local apt=(env DEBIAN_FRONTEND=noninteractive TMPDIR="$scratch" apt-get -q)
	as_root "${apt[@]}" update >"$scratch/apt.log" 2>&1 &&
		as_root "${apt[@]}" install -y --no-install-recommends "${missing[@]}" >>"$scratch/apt.log" 2>&1 ||
		{ tail -n 15 "$scratch/apt.log" >&2; fail "apt-get did not install ${missing[*]}. Nothing else was changed."; }
}

# --- npm packages: the detector's weights and its runtime

npm_packages() {
	local stamp=node_modules/.safehouse want
	want=$(cat package.json package-lock.json .npmrc | sha256sum)
	if [ "$(cat "$stamp" 2>/dev/null)" = "$want" ]; then
		say "npm packages: all there"
		return
	fi
	say "npm packages: bringing what package-lock.json pins (about 250 MB unpacked)"
	npm ci --ignore-scripts --no-audit --no-fund --loglevel=error ||
		fail "npm did not bring the packages. Is the network there? Run the same again."
	printf '%s\n' "$want" >"$stamp"
}

# --- share/: what the program loads

onnx_runtime() {
	local folder arch to=share/libonnxruntime.so.1
	case $(uname -m) in
	x86_64) folder=x64 arch=amd64 ;;
	aarch64) folder=arm64 arch=arm64 ;;
	*) fail "there is no ONNX Runtime for $(uname -m) here, only for x86_64 and aarch64" ;;
	esac
	local want from=node_modules/onnxruntime-node/bin/napi-v6/linux/$folder/libonnxruntime.so.1
	want=$(pin "\"$arch\"")
	if [ "$(sha $to)" != "$want" ]; then
		say "runtime: $to"
		[ "$(sha "$from")" = "$want" ] || fail "$from is not the library that this program was made with. Nothing was taken."
		replace "$from" "$to"
	fi
}

ssd_model() {
	local real=share/ssd_mobilenetv1.onnx bytes=share/ssd_mobilenetv1_8bit.onnx
	[ "$(sha $real)" = "$(pin SSDHash)" ] && [ "$(sha $bytes)" = "$(pin SSDBytesHash)" ] && return
	say "detector SSD: making $real and $bytes from the weights in the package"
	go run ./internal/face/convert -out share
}

yunet_file=yunet_2023mar.onnx
yunet_source=https://media.githubusercontent.com/media/opencv/opencv_zoo/main/models/face_detection_yunet/face_detection_yunet_2023mar.onnx
yunet_missed=share/.yunet-missed # there when the publisher could not be reached lately

is_yunet() { # the official file, or an export of the same network
	[ -f "$1" ] && grep -q "\"$(sha "$1")\"" <(sed -n '/yunetHashes = /,/^}/p' internal/face/runtime.go)
}

yunet_from_folder() {
	local f
	[ -n "${SAFEHOUSE_MODELS:-}" ] || return 1
	for f in "$SAFEHOUSE_MODELS"/*.onnx; do
		if is_yunet "$f"; then
			replace "$f" "share/$yunet_file"
			return
		fi
	done
	say "detector YuNet: no file in SAFEHOUSE_MODELS has a hash that this program knows"
	return 1
}

yunet_from_publisher() {
	[ -z "$(find $yunet_missed -mtime -1 2>/dev/null)" ] || return 1
	say "detector YuNet: asking its publisher (at most 4 seconds)"
	timeout 5 node -e '
		const [url, to] = process.argv.slice(1);
		fetch(url, { signal: AbortSignal.timeout(4000) })
			.then((r) => (r.ok ? r.arrayBuffer() : Promise.reject(new Error(r.status))))
			.then((b) => require("fs").writeFileSync(to, Buffer.from(b)))
			.catch(() => process.exit(1));
	' "$yunet_source" "$scratch/$yunet_file" 2>/dev/null || { touch $yunet_missed; return 1; }
	is_yunet "$scratch/$yunet_file" || {
		touch $yunet_missed
		say "detector YuNet: what came is another file than the pinned one. It was not kept."
		return 1
	}
	replace "$scratch/$yunet_file" "share/$yunet_file"
}

detectors() {
	is_yunet "share/$yunet_file" || rm -f "share/$yunet_file"
	if [ -f "share/$yunet_file" ] || yunet_from_folder || yunet_from_publisher; then
		rm -f $yunet_missed
		say "detectors: SSD and YuNet"
		return
	fi
	say "detectors: SSD alone. YuNet beside it finds more; to add it, put $yunet_file into a"
	say "folder and name that in SAFEHOUSE_MODELS, or remove $yunet_missed to ask its publisher again."
}

check_tools
case ${1:-run} in
run) system_packages "${run_packages[@]}" ;;
test) system_packages "${run_packages[@]}" "${test_packages[@]}" ;;
*) printf 'usage: scripts/setup.sh [test]\n' >&2; exit 2 ;;
esac
npm_packages
mkdir -p share
onnx_runtime
ssd_model
detectors

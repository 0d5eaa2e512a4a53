#!/usr/bin/env bash
# examples/clip.sh OUT.mp4 makes a short recording out of the photos that come with
# the face detector's package: 640×360, 24 frames a second, two cuts, a camera that
# moves, a tone as sound, and the hidden data that a phone would write.
set -euo pipefail
photos=$(cd "$(dirname "$0")/.." && pwd)/node_modules/@vladmandic/face-api/demo
[ -e "$photos/sample1.jpg" ] || { echo "clip: the photos are not there. Run \"make setup\" first." >&2; exit 1; }

still() { # a photo, and how far the camera moves across it in 1.5 seconds
	printf '%s' "[$1:v]scale=768:432:force_original_aspect_ratio=increase,crop=768:432:(iw-768)/2:(ih-432)/$2,"
	printf '%s' "zoompan=z=1.2:x='on*$3':y='on*$4':d=36:s=640x360:fps=24,setsar=1,format=yuv420p[p$1];"
}
graph="$(still 0 3 2 0.6)$(still 1 4 1 1)$(still 2 3 3 0.4)[p0][p1][p2]concat=n=3:v=1[v]"

ffmpeg -hide_banner -loglevel error -nostdin -y \
	-i "$photos/sample1.jpg" -i "$photos/sample3.jpg" -i "$photos/sample6.jpg" \
	-f lavfi -i "sine=frequency=330:duration=4.5" \
	-filter_complex "$graph" -map "[v]" -map 3:a \
	-c:v libx264 -preset veryfast -crf 21 -g 48 -c:a aac -b:a 64k -threads 2 \
	-metadata title="made for a demonstration" -metadata location="+41.8057+123.4315/" \
	-metadata creation_time="2017-03-15T22:10:00Z" -movflags +use_metadata_tags "$1"

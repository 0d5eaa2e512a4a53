#!/usr/bin/env bash
# examples/main-job.sh DIR does one whole case in the empty folder DIR, by the
# commands that a team would type: from a raw recording and a news report to a
# published appeal that anybody can verify, and on to who must be asked after next.
#
# It takes the recording and the report of ../shared when they are there, and
# otherwise ours: an invented report, and a clip out of photos of an npm package.
# Once it plants a protected name in the appeal, is refused, and mends it.
#
# Afterwards DIR/data is the vault, DIR/appeal.zip the release, DIR/*.passphrase how
# to enter. Everybody in it is invented or public: it is a demonstration.
set -euo pipefail

[ $# -eq 1 ] || { echo "usage: examples/main-job.sh DIR" >&2; exit 2; }
home=$(cd "$(dirname "$0")/.." && pwd)
mkdir -p "$1"
dir=$(cd "$1" && pwd)
[ -z "$(ls -A "$dir")" ] || { echo "main-job: $dir is not empty. Name an empty or a new folder." >&2; exit 1; }
cd "$dir"
umask 077
export SAFEHOUSE_DATA=$dir/data SAFEHOUSE_SEEN=$dir/seen SAFEHOUSE_LANG=${SAFEHOUSE_LANG:-en}
unset SAFEHOUSE_MEMBER
began=$SECONDS

step() { printf '\n%3ds  %s\n' "$((SECONDS - began))" "$*"; }
fail() { printf 'main-job: %s\n' "$*" >&2; exit 1; }

# as MEMBER COMMAND…: what MEMBER types. Passphrases come from a file that only its
# owner can read, never from an argument.
as() {
	local member=$1
	shift
	SAFEHOUSE_PASSPHRASE_FILE=$dir/$member.passphrase "$home/bin/safehouse" "$@"
}

clip=$home/../shared/media/classroom.mp4
report=$home/../shared/samples/report-2017-04-24.txt
if [ ! -r "$clip" ]; then
	clip=$dir/clip.mp4
	"$home/examples/clip.sh" "$clip"
fi
[ -r "$report" ] || report=$home/examples/report.txt

step "A vault, and a second member: two people must agree before anything leaves."
echo "seven quiet rivers under the bridge" >researcher.passphrase
echo "a lantern on the far side of winter" >reviewer.passphrase
as researcher init --name "Seo-yeon (invented)" --demo
SAFEHOUSE_NEW_PASSPHRASE_FILE=$dir/reviewer.passphrase \
	as researcher member add --name "Ji-won (invented)" --role reviewer --json >reviewer.json

step "The case, and what was sent: sealed, hashed, journaled."
as researcher case new NK-2017-04 --title "People stopped on a road" --priority urgent
as researcher case member add NK-2017-04 "$(jq -r .id reviewer.json)" # who is not in a case sees nothing of it
as researcher item add "$clip" "$report" --case NK-2017-04 --from "a go-between" --json >items.json
video=$(jq -r '.[0].id' items.json)
text=$(jq -r '.[1].id' items.json)
as researcher item list --case NK-2017-04

step "The faces: a plan, looked at and accepted, then burned in."
as researcher plan propose "$video" --json >plan.json
plan=$(jq -r .id plan.json)
[ "$(jq '.tracks' plan.json)" -gt 0 ] || fail "no face was found in a clip full of faces"
as researcher plan show "$plan"
if [ "$(jq .open plan.json)" -gt 0 ]; then
	as researcher plan look "$plan" --all # here nobody is at risk; in earnest, watch each moment
fi
as researcher plan accept "$plan" >/dev/null
as researcher plan render "$plan" --json >masked.json
masked=$(jq -r .id masked.json)

step "The report: who said what, each with its exact place."
as researcher report draft "$report" --json >report.json
as researcher report draft "$report"
mapfile -t picked < <(jq -r '[.claims[] | select(.speaker.text != "")][:4][].id' report.json)
[ ${#picked[@]} -ge 3 ] || fail "the report gave too few claims"
as researcher claim accept "$text" "${picked[@]}" --case NK-2017-04 --json >claims.json
mapfile -t claims < <(jq -r '.[].id' claims.json)

step "Who must be protected. Names come from standard input and are sealed."
printf '%s\n' "Pak Yo-han" "박요한" "朴約翰" | as researcher person new --case NK-2017-04 --pseudonym "the go-between" --names-file -
as researcher group new --case NK-2017-04 --label "the people in the vehicle" --json \
	--min "$(jq '.groups[0].min // 8' report.json)" --max "$(jq '.groups[0].max // 8' report.json)" >group.json
group=$(jq -r .id group.json)

# draft FILE: a draft with that text, handed in and approved by the other member
draft() {
	local cite=() id
	for id in "${claims[@]}"; do cite+=(--claim "$id"); done
	as researcher draft new --case NK-2017-04 --headline "Nobody may be sent back to torture" \
		--text "$1" "${cite[@]}" --media "$masked" --json >draft.json
	draft=$(jq -r .id draft.json)
	as researcher draft submit "$draft"
	as reviewer review approve "$draft" --digest "$(jq -r .digest draft.json)"
}

step "The appeal, with a slip: a protected name, written otherwise than it was entered."
cat >slip.txt <<'TEXT'
People who fled their country are held by the police and may be sent back [1].

PAK YO HAN, who helped them, received this recording. We ask the authorities to say where they are and to let the United Nations refugee agency see them [2].
TEXT
draft slip.txt
status=0
as researcher release make "$draft" -o appeal.zip || status=$?
[ "$status" -eq 3 ] || fail "a protected name was about to leave (status $status)"
[ ! -e appeal.zip ] || fail "a refused release left a file"

step "The same appeal, mended."
cat >appeal.txt <<'TEXT'
People who fled their country are held by the police and may be sent back [1].

A go-between who helped them received this recording. We ask the authorities to say where they are, to let the United Nations refugee agency see them [2], and to send nobody to a place where torture awaits them [3].
TEXT
draft appeal.txt
as researcher release make "$draft" -o appeal.zip
rm slip.txt

step "On another computer, without a network or a vault: does it hold?"
mkdir elsewhere
cp appeal.zip elsewhere
(
	cd elsewhere
	env -i "$home/bin/safehouse-verify" appeal.zip
	unzip -tq appeal.zip
	unzip -q appeal.zip -d open
	cd open
	sha256sum -c SHA256SUMS
)

step "Not over: who is at risk, and what is due."
as researcher status set "$group" detained_undisclosed --since "mid-March 2017" --at-risk \
	--expected "mid-May 2017" --next 2017-05-15 --claim "${claims[0]}"
as researcher next

step "Is everything whole, and is nothing plain on the disk?"
as researcher doctor
if grep -rqaF -e "Yo-han" -e "박요한" -e "Nobody may be sent back" "$dir/data"; then
	fail "a name or a sentence lies plain in the vault"
fi

printf '\nDone in %d seconds. The release: %s\n' "$((SECONDS - began))" "$dir/appeal.zip"

package main

import (
	"bytes"
	"encoding/base64"
	"encoding/hex"
	"encoding/json"
	"io/fs"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"unicode/utf16"
)

// A mark is a word that was told to the program and may lie nowhere afterwards.
type mark struct{ what, word string }

// forms gives every way in which a mark could lie there readable: as it is, in
// UTF-16 both ways, in base64 at each of three offsets, in hexadecimal.
func (m mark) forms() map[string][]byte {
	b := []byte(m.word)
	forms := map[string][]byte{"UTF-8": b, "hex": []byte(hex.EncodeToString(b)), "HEX": []byte(strings.ToUpper(hex.EncodeToString(b)))}
	var little, big []byte
	for _, u := range utf16.Encode([]rune(m.word)) {
		little, big = append(little, byte(u), byte(u>>8)), append(big, byte(u>>8), byte(u))
	}
	forms["UTF-16LE"], forms["UTF-16BE"] = little, big
	for shift := range 3 {
		// What stands before and behind changes the letters at both ends only.
		text := base64.StdEncoding.EncodeToString(append(make([]byte, shift), append(b, 0, 0)...))
		from, to := []int{0, 2, 3}[shift], (shift+len(b))*8/6
		forms["base64+"+string(rune('0'+shift))] = []byte(text[from:to])
		forms["base64url+"+string(rune('0'+shift))] = []byte(strings.NewReplacer("+", "-", "/", "_").Replace(text[from:to]))
	}
	return forms
}

func TestAMarkIsFoundInEveryForm(t *testing.T) {
	m := mark{"name", "김철수-Planted"}
	b := []byte(m.word)
	for shift := range 3 {
		text := base64.StdEncoding.EncodeToString(append(bytes.Repeat([]byte("x"), shift), append(b, "tail"...)...))
		if len(found(m, []byte(text))) == 0 {
			t.Errorf("not seen in base64 after %d bytes", shift)
		}
	}
	for name, form := range m.forms() {
		if len(form) < 12 || len(found(m, append([]byte("before"), form...))) == 0 {
			t.Errorf("not seen as %s: %q", name, form)
		}
	}
	if got := found(m, []byte("김철 Plant")); len(got) != 0 {
		t.Errorf("seen where it is not: %v", got)
	}
}

func found(m mark, b []byte) (forms []string) {
	for name, form := range m.forms() {
		if bytes.Contains(b, form) {
			forms = append(forms, name)
		}
	}
	return forms
}

// A small case through the real program with every command that takes words. Then
// the machine is seized: nothing of it lies in the vault, in temporary folders, in
// what was logged, or in the journal.
func TestASeizedMachineTellsNothing(t *testing.T) {
	t.Parallel()
	d := newDesk(t)
	marks := []mark{
		{"a name in Hangul", "김철수목격자"}, {"a name in Hanja", "金哲洙牧師名"}, {"a name in Latin", "Kim-Cholsu-Planted"},
		{"a pseudonym", "Pseudonym-Planted-7"}, {"a member's name", "Member-Planted-9"}, {"a case's title", "심양사건의비밀제목"},
		{"content", "CONTENT-PLANTED-0123456789"}, {"a file's name", "증언녹취록-planted"}, {"who it came from", "넘겨준사람-Planted"},
		{"a passphrase", "a passphrase that is long enough"}, {"a reason", "REASON-PLANTED-because"},
		{"a headline", "HEADLINE-PLANTED-of-appeal"}, {"an appeal's words", "APPEAL-PLANTED-words"}, {"a group's label", "LABEL-PLANTED-group"},
		{"who said it", "Ada-Planted Brookson"},
	}
	outside := t.TempDir() // what the team itself wrote, which nobody seizes here
	put := func(name, text string) string {
		path := filepath.Join(outside, name)
		if err := os.WriteFile(path, []byte(text), 0o600); err != nil {
			t.Fatal(err)
		}
		return path
	}
	if err := os.Rename(filepath.Join(d.folder, "words"), filepath.Join(outside, "words")); err != nil {
		t.Fatal(err)
	}
	report := put("증언녹취록-planted.txt", "Group asks where seven people are\n\nRIVERTOWN (Northern Wire) - Seven people were detained on a road in March 2021, the Harbour Rights Group said on Monday.\n\n\"CONTENT-PLANTED-0123456789\", Ada-Planted Brookson, the group's director, said in a statement.\n")
	names := put("names", "Kim-Cholsu-Planted\n김철수목격자\n金哲洙牧師名\n")
	appeal := put("appeal.txt", "Seven people were detained [1]. APPEAL-PLANTED-words to the authorities.")
	put("second", "another long passphrase for her")

	var log bytes.Buffer
	run := func(may bool, args ...string) []byte {
		t.Helper()
		cmd := d.command(args...)
		cmd.Env = append(cmd.Env, "SAFEHOUSE_PASSPHRASE_FILE="+filepath.Join(outside, "words"), "SAFEHOUSE_NEW_PASSPHRASE_FILE="+filepath.Join(outside, "second"))
		var said bytes.Buffer
		cmd.Stderr = &said
		out, err := cmd.Output()
		log.Write(said.Bytes())
		if (err == nil) != may {
			t.Fatalf("%v: %v: %s%s", args, err, out, said.Bytes())
		}
		return out
	}
	id := func(out []byte) string {
		t.Helper()
		var one struct{ ID string }
		var many []struct{ ID string }
		if json.Unmarshal(out, &one) == nil && one.ID != "" {
			return one.ID
		}
		if err := json.Unmarshal(out, &many); err != nil || len(many) == 0 {
			t.Fatalf("%v: %s", err, out)
		}
		return many[0].ID
	}
	run(true, "member", "add", "--name", "Member-Planted-9", "--role", "reviewer")
	run(true, "case", "new", "C-1", "--title", "심양사건의비밀제목")
	item := id(run(true, "item", "add", report, "--case", "C-1", "--from", "넘겨준사람-Planted", "--json"))
	run(true, "item", "list")
	run(true, "item", "custody", item)
	run(true, "item", "open", item, "-o", filepath.Join(outside, "opened"), "--reason", "REASON-PLANTED-because")
	run(true, "person", "new", "--case", "C-1", "--pseudonym", "Pseudonym-Planted-7", "--names-file", names)
	group := id(run(true, "group", "new", "--case", "C-1", "--label", "LABEL-PLANTED-group", "--min", "7", "--max", "8", "--json"))
	claim := id(run(true, "claim", "accept", item, "c1", "--case", "C-1", "--json"))
	draft := id(run(true, "draft", "new", "--case", "C-1", "--headline", "HEADLINE-PLANTED-of-appeal", "--text", appeal, "--claim", claim, "--json"))
	run(true, "draft", "submit", draft)
	run(false, "review", "approve", draft, "--digest", "0000")
	run(true, "status", "set", group, "detained", "--since", "mid-March 2017", "--at-risk", "--next", "2017-05-15", "--claim", claim)
	run(true, "next")
	run(true, "journal", "show")
	run(true, "journal", "prove", item, "-o", filepath.Join(d.folder, "proof"))
	run(true, "doctor")

	seen := 0
	look := func(where string, b []byte) {
		for _, m := range marks {
			if forms := found(m, b); len(forms) > 0 {
				t.Errorf("%s lies in %s as %v", m.what, where, forms)
			}
		}
	}
	err := filepath.WalkDir(d.folder, func(path string, e fs.DirEntry, err error) error {
		if err != nil {
			return err
		}
		rel, _ := filepath.Rel(d.folder, path)
		look("the name "+rel, []byte(rel))
		if e.IsDir() {
			return nil
		}
		b, err := os.ReadFile(path)
		look(rel, b)
		seen++
		return err
	})
	look("the log", log.Bytes())
	if err != nil || seen < 10 {
		t.Fatalf("%d files, %v", seen, err)
	}
}

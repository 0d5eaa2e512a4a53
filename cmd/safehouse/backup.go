package main

import (
	"time"

	"safehouse/internal/access"
	"safehouse/internal/evidence"
	"safehouse/internal/store"
	"safehouse/internal/vault"
)

type backupCmd struct {
	Dir    string `arg:"" optional:"" help:"${help_backup_dir}" placeholder:"DIR"`
	Forget string `help:"${help_backup_forget}" placeholder:"ITEM"`
	List   bool   `help:"${help_backup_list}"`
}

type backupJSON struct {
	ID      evidence.BackupID `json:"id"`
	Place   evidence.PlaceID  `json:"place"`
	Dir     string            `json:"dir"`
	Entries int64             `json:"entries"`
	Items   int               `json:"items"`
	Blobs   int               `json:"blobs"`
	Bytes   int64             `json:"bytes"`
	Copied  int               `json:"copied"`
	Removed int               `json:"removed"`
}

func (c *backupCmd) Run(a *app) error {
	if (c.Dir == "") != c.List || c.List && c.Forget != "" {
		return &evidence.Problem{Code: "backup.usage"}
	}
	return a.with(func(v *vault.Vault) error {
		if c.List {
			return listBackups(a, v)
		}
		if err := c.withdrawn(a, v); err != nil {
			return err
		}
		bar := a.progress("progress.backup", 1)
		defer bar.done()
		b, err := v.Backup(a.ctx, c.Dir, bar.of)
		if err != nil {
			return err
		}
		bar.done()
		out := backupJSON{b.ID, b.Place, c.Dir, b.Entries, b.Items, b.Blobs, b.Bytes, b.Copied, b.Removed}
		return a.show(out, func() {
			a.line("backup.done", c.Dir, b.Items, b.Blobs, b.Bytes, b.Copied, b.Entries)
			if b.Removed > 0 {
				a.line("backup.removed", b.Removed)
			}
			if c.Forget != "" {
				a.line("backup.forgotten", c.Dir, c.Forget)
			}
		})
	})
}

// withdrawn refuses to forget what was not withdrawn. What was, every backup forgets
// of itself.
func (c *backupCmd) withdrawn(a *app, v *vault.Vault) error {
	if c.Forget == "" {
		return nil
	}
	if err := access.Check(v.Actor, access.Backup); err != nil {
		return err
	}
	return v.DB.View(a.ctx, v.Actor.ID, func(view *store.View) error {
		if _, _, err := view.Item(evidence.ItemID(c.Forget)); err == nil {
			return &evidence.Problem{Code: "backup.not_withdrawn", Args: []any{c.Forget}}
		}
		_, err := view.Erasure(evidence.ItemID(c.Forget))
		return err
	})
}

type madeJSON struct {
	ID      evidence.BackupID `json:"id"`
	Place   evidence.PlaceID  `json:"place"`
	Where   string            `json:"where"`
	Made    time.Time         `json:"made"`
	Entries int64             `json:"entries"` // 0: it was begun and nobody knows how far it came
}

func listBackups(a *app, v *vault.Vault) error {
	if err := access.Check(v.Actor, access.Backup); err != nil {
		return err
	}
	var all []store.Backup
	err := v.DB.View(a.ctx, v.Actor.ID, func(view *store.View) (err error) {
		all, err = view.Backups()
		return err
	})
	if err != nil {
		return err
	}
	out := each(all, func(b store.Backup) madeJSON { return madeJSON{b.ID, b.Place, b.Where.Reveal(), b.Made, b.Entries} })
	return a.show(out, func() {
		if len(out) == 0 {
			a.line("backup.none")
		}
		for _, b := range out {
			code := "backup.row"
			if b.Entries == 0 {
				code = "backup.row_begun"
			}
			a.line(code, b.ID, b.Made.Format(time.RFC3339), b.Where, b.Entries)
		}
	})
}

type restoreCmd struct {
	Dir string `arg:"" help:"${help_restore_dir}" placeholder:"DIR"`
}

type restoredJSON struct {
	ID         evidence.BackupID `json:"id"`
	Data       string            `json:"data"`
	Entries    int               `json:"entries"`
	Items      int               `json:"items"`
	Renditions int               `json:"renditions"`
}

// Run restores into the folder of --data, which must be empty or not there.
func (c *restoreCmd) Run(a *app) error {
	passphrase, err := a.passphrase(passphraseFile, "passphrase.ask", false)
	if err != nil {
		return err
	}
	bar := a.progress("progress.restore", 1)
	defer bar.done()
	r, err := vault.Restore(a.ctx, c.Dir, a.flags.Data, evidence.MemberID(a.flags.As), passphrase, bar.of)
	if err != nil {
		return err
	}
	bar.done()
	out := restoredJSON{r.ID, a.flags.Data, r.Health.Entries, r.Health.Items, r.Health.Renditions}
	return a.show(out, func() {
		a.line("restore.done", a.flags.Data, out.Entries, out.Items, out.Renditions)
		a.line("restore.after")
	})
}

package mask

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	"io"
	"maps"
	"os"
	"slices"

	"golang.org/x/sys/unix"

	"safehouse/internal/access"
	"safehouse/internal/evidence"
	"safehouse/internal/store"
	"safehouse/internal/vault"
)

// A Desk is where masks are made within the vault. The plain recording exists
// only in memory that no file system holds, and the worker gets a handle to it.
type Desk struct {
	DB         *store.DB
	Originals  *vault.Originals
	Renditions *vault.Renditions
	Studio     Studio
}

// Propose makes a plan for an item. That the original was opened for it is in
// the journal.
func (d *Desk) Propose(ctx context.Context, actor evidence.Actor, id evidence.ItemID, opt Options, progress Progress) (evidence.Plan, error) {
	if err := access.Check(actor, access.PlanMask); err != nil {
		return evidence.Plan{}, err
	}
	in, err := d.original(ctx, actor, id, "mask.propose")
	if err != nil {
		return evidence.Plan{}, err
	}
	defer in.Close()
	proposed, err := d.Studio.Propose(ctx, in, opt, progress)
	if err != nil {
		return evidence.Plan{}, fmt.Errorf("propose a mask for %s: %w", id, err)
	}
	return d.keep(ctx, actor, evidence.Plan{Item: id, Mask: proposed}, always)
}

// ProposeOnce is Propose for an item that nobody has made a plan for; else it gives
// the newest plan. It may be done twice, or while somebody proposes by hand: one plan
// comes of it.
func (d *Desk) ProposeOnce(ctx context.Context, actor evidence.Actor, id evidence.ItemID, progress Progress) (evidence.Plan, error) {
	if err := access.Check(actor, access.PlanMask); err != nil {
		return evidence.Plan{}, err
	}
	var had *evidence.Plan
	err := d.DB.View(ctx, actor.ID, func(v *store.View) (err error) {
		if _, _, err := v.Item(id); err != nil {
			return err // withdrawn, perhaps
		}
		had, err = newest(v, id)
		return err
	})
	if err != nil {
		return evidence.Plan{}, err
	}
	if had != nil {
		return *had, nil
	}
	in, err := d.original(ctx, actor, id, "mask.propose")
	if err != nil {
		return evidence.Plan{}, err
	}
	defer in.Close()
	proposed, err := d.Studio.Propose(ctx, in, Options{}, progress)
	if err != nil {
		return evidence.Plan{}, fmt.Errorf("propose a mask for %s: %w", id, err)
	}
	return d.keep(ctx, actor, evidence.Plan{Item: id, Mask: proposed}, newest)
}

// newest is the newest plan for an item, or nil.
func newest(v *store.View, id evidence.ItemID) (*evidence.Plan, error) {
	plans, err := v.Plans(id)
	if err != nil || len(plans) == 0 {
		return nil, err
	}
	return &plans[len(plans)-1], nil
}

// always says that no plan is there that would do.
func always(*store.View, evidence.ItemID) (*evidence.Plan, error) { return nil, nil }

// errDone ends an Update whose result is there already.
var errDone = errors.New("done already")

// keep stores a plan unless there is one that will do, and asks for its preview.
func (d *Desk) keep(ctx context.Context, actor evidence.Actor, p evidence.Plan,
	there func(*store.View, evidence.ItemID) (*evidence.Plan, error)) (evidence.Plan, error) {
	digest, err := Digest(p.Mask)
	if err != nil {
		return p, err
	}
	err = d.DB.Update(ctx, actor.ID, func(tx *store.Tx) error {
		if _, _, err := tx.Item(p.Item); err != nil {
			return err
		}
		if had, err := there(&tx.View, p.Item); err != nil {
			return err
		} else if had != nil {
			p = *had
			return errDone
		}
		d.sign(&p, actor)
		tx.Record("mask.plan", string(p.ID), digest, textDigest(p.Tool))
		return add(tx, &p)
	})
	if errors.Is(err, errDone) {
		err = nil
	}
	return p, err
}

// sign says by whom and with what a plan was made.
func (d *Desk) sign(p *evidence.Plan, actor evidence.Actor) {
	p.ID, p.By, p.Tool = evidence.NewID[evidence.PlanID]("pln"), actor.ID, d.Studio.Tool
}

func add(tx *store.Tx, p *evidence.Plan) error {
	if err := tx.AddPlan(p); err != nil {
		return err
	}
	return tx.Enqueue(evidence.MakePreview{Plan: p.ID})
}

// Edit makes the next version of a plan. It is refused where there is one already, by
// whomever: the edit is then to be made in that, and nothing of either is lost. What was
// looked at and is as it was stays looked at; nobody has accepted the new version.
func (d *Desk) Edit(ctx context.Context, actor evidence.Actor, id evidence.PlanID, e Edit, progress Progress) (evidence.Plan, error) {
	if err := access.Check(actor, access.EditMask); err != nil {
		return evidence.Plan{}, err
	}
	p, err := d.plan(ctx, actor, id)
	if err != nil {
		return p, err
	}
	if err := store.Newest(p); err != nil { // before any work is done; asked again when it is kept
		return p, err
	}
	if err := e.check(p.Mask); err != nil {
		return p, err
	}
	edited, err := d.edited(ctx, actor, p, e, progress)
	if err != nil {
		return p, err
	}
	return d.next(ctx, actor, id, func(tx *store.Tx, p *evidence.Plan, digest string) error {
		for _, track := range e.Unmask {
			p.Reasons[track] = e.Reason
		}
		for _, track := range e.Mask {
			delete(p.Reasons, track)
		}
		if len(e.Unmask) > 0 {
			tx.RecordWhy("mask.unmask", string(p.ID), e.Reason, digest, textDigest(p.Tool))
		} else {
			tx.Record("mask.edit", string(p.ID), digest, textDigest(p.Tool))
		}
		return nil
	}, edited)
}

// edited opens the recording only where a box is to be followed in it.
func (d *Desk) edited(ctx context.Context, actor evidence.Actor, p evidence.Plan, e Edit, progress Progress) (evidence.MaskPlan, error) {
	var in *os.File
	if slices.ContainsFunc(e.Boxes, func(b Box) bool { return !b.Exact }) && p.Mask.Source.Frames > 1 {
		f, err := d.original(ctx, actor, p.Item, "mask.edit")
		if err != nil {
			return p.Mask, err
		}
		defer f.Close()
		in = f
	}
	edited, err := d.Studio.Edited(ctx, in, p.Mask, e, progress)
	if err != nil {
		return edited, fmt.Errorf("edit %s: %w", p.ID, err)
	}
	return edited, nil
}

// Back makes a next version that masks as an earlier one of the same plan did. What
// came since is then not masked, so it takes a reason.
func (d *Desk) Back(ctx context.Context, actor evidence.Actor, id, to evidence.PlanID, reason evidence.Secret) (evidence.Plan, error) {
	if err := access.Check(actor, access.EditMask); err != nil {
		return evidence.Plan{}, err
	}
	if reason.Empty() {
		return evidence.Plan{}, &evidence.Problem{Code: "plan.reason"}
	}
	versions, err := d.Versions(ctx, actor, id)
	if err != nil {
		return evidence.Plan{}, err
	}
	i := slices.IndexFunc(versions, func(p evidence.Plan) bool { return p.ID == to })
	if i < 0 || versions[i].Version >= versions[len(versions)-1].Version {
		return evidence.Plan{}, &evidence.Problem{Code: "plan.not_earlier", Args: []any{to, id}}
	}
	earlier := versions[i]
	return d.next(ctx, actor, id, func(tx *store.Tx, p *evidence.Plan, digest string) error {
		p.Reasons = maps.Clone(earlier.Reasons)
		for _, n := range carrySeen(earlier, p.Mask) {
			if !slices.Contains(p.Seen, n) {
				p.Seen = append(p.Seen, n)
			}
		}
		tx.RecordWhy("mask.back", string(p.ID), reason, digest, textDigest(p.Tool))
		return nil
	}, earlier.Mask)
}

// Versions gives all versions of a plan up to this one, the first one first.
func (d *Desk) Versions(ctx context.Context, actor evidence.Actor, id evidence.PlanID) (all []evidence.Plan, err error) {
	err = d.DB.View(ctx, actor.ID, func(v *store.View) error {
		for id != "" {
			p, err := v.Plan(id)
			if err != nil {
				return err
			}
			all, id = append(all, p), p.Of
		}
		return nil
	})
	slices.Reverse(all)
	return all, err
}

// next keeps the version after id. Complete adds what belongs to it beside the mask, and
// records it.
func (d *Desk) next(ctx context.Context, actor evidence.Actor, id evidence.PlanID, complete func(tx *store.Tx, p *evidence.Plan, digest string) error, now evidence.MaskPlan) (evidence.Plan, error) {
	digest, err := Digest(now)
	if err != nil {
		return evidence.Plan{}, err
	}
	var p evidence.Plan
	err = d.DB.Update(ctx, actor.ID, func(tx *store.Tx) error {
		before, err := tx.Plan(id) // read again: somebody may have looked at more meanwhile
		if err != nil {
			return err
		}
		p = evidence.Plan{Item: before.Item, Of: before.ID, Mask: now, Reasons: map[int]evidence.Secret{}, Seen: carrySeen(before, now)}
		maps.Copy(p.Reasons, before.Reasons)
		d.sign(&p, actor)
		if err := complete(tx, &p, digest); err != nil {
			return err
		}
		return add(tx, &p)
	})
	return p, err
}

func (d *Desk) plan(ctx context.Context, actor evidence.Actor, id evidence.PlanID) (p evidence.Plan, err error) {
	err = d.DB.View(ctx, actor.ID, func(v *store.View) (err error) {
		p, err = v.Plan(id)
		return err
	})
	return p, err
}

// Look notes that a person has looked at these doubts, by their place in the
// queue. Nil means all of them.
func (d *Desk) Look(ctx context.Context, actor evidence.Actor, id evidence.PlanID, doubts []int) (evidence.Plan, error) {
	return d.change(ctx, actor, id, "mask.look", func(p *evidence.Plan) error {
		if doubts == nil {
			doubts = p.Open()
		}
		for _, i := range doubts {
			if i < 0 || i >= len(p.Mask.Queue) {
				return &evidence.Problem{Code: "mask.no_such_doubt", Args: []any{i, len(p.Mask.Queue)}}
			}
			if !slices.Contains(p.Seen, i) {
				p.Seen = append(p.Seen, i)
			}
		}
		return nil
	})
}

// Accept says that a version of a plan is good: the one with this digest, which is what
// was looked at. It is refused while a doubt is open.
func (d *Desk) Accept(ctx context.Context, actor evidence.Actor, id evidence.PlanID, digest string) (evidence.Plan, error) {
	return d.change(ctx, actor, id, "mask.accept", func(p *evidence.Plan) error {
		is, err := Digest(p.Mask)
		if err != nil {
			return err
		}
		if is != digest {
			return &evidence.Problem{Code: "plan.other_digest", Args: []any{id, is}}
		}
		if n := len(p.Open()); n > 0 {
			return &evidence.Problem{Code: "mask.queue_open", Args: []any{id, n}}
		}
		p.AcceptBy = actor.ID
		return nil
	})
}

// change notes what a person did with the newest version of a plan.
func (d *Desk) change(ctx context.Context, actor evidence.Actor, id evidence.PlanID, action string, f func(p *evidence.Plan) error) (evidence.Plan, error) {
	if err := access.Check(actor, access.PlanMask); err != nil {
		return evidence.Plan{}, err
	}
	var p evidence.Plan
	err := d.DB.Update(ctx, actor.ID, func(tx *store.Tx) (err error) {
		if p, err = tx.Plan(id); err != nil {
			return err
		}
		if err := store.Newest(p); err != nil {
			return err
		}
		if err := f(&p); err != nil {
			return err
		}
		if p.AcceptBy != "" && p.Accepted.IsZero() {
			p.Accepted = tx.Now
		}
		digest, err := Digest(p.Mask)
		if err != nil {
			return err
		}
		tx.Record(action, string(id), digest, textDigest(d.Studio.Tool))
		return tx.SetPlan(p)
	})
	return p, err
}

// Render burns a plan in and keeps the result as a rendition. It may be done
// before the queue is worked through, to look at it; a release may not.
func (d *Desk) Render(ctx context.Context, actor evidence.Actor, id evidence.PlanID, opt Options, progress Progress) (evidence.Rendition, error) {
	if err := access.Check(actor, access.RenderMask); err != nil {
		return evidence.Rendition{}, err
	}
	p, err := d.plan(ctx, actor, id)
	if err != nil {
		return evidence.Rendition{}, err
	}
	in, err := d.original(ctx, actor, p.Item, "mask.render")
	if err != nil {
		return evidence.Rendition{}, err
	}
	defer in.Close()
	out, err := memory("masked")
	if err != nil {
		return evidence.Rendition{}, err
	}
	defer out.Close()
	opt.Profile = p.Mask.Profile
	report, err := d.Studio.Render(ctx, in, p.Mask, out, opt, progress)
	var bare *Exposed
	if errors.As(err, &bare) {
		return evidence.Rendition{}, d.mend(ctx, actor, p, bare)
	}
	if err != nil {
		return evidence.Rendition{}, fmt.Errorf("render %s: %w", id, err)
	}
	return d.store(ctx, actor, p, evidence.Masked, report, out)
}

// mend keeps a next version that covers what the second look found, for a person to
// look at. This one stays as it was, and nothing was rendered.
func (d *Desk) mend(ctx context.Context, actor evidence.Actor, p evidence.Plan, bare *Exposed) error {
	mended, err := d.next(ctx, actor, p.ID, func(tx *store.Tx, p *evidence.Plan, digest string) error {
		tx.Record("mask.plan", string(p.ID), digest, textDigest(p.Tool))
		return nil
	}, d.Studio.Mend(p.Mask, bare))
	if err != nil {
		return errors.Join(bare, err)
	}
	return &evidence.Refusal{Problem: &evidence.Problem{Code: "mask.mended", Args: append(bare.Args, mended.ID)}, Status: 3}
}

// actions are what the journal calls the making of a rendition.
var actions = map[evidence.RenditionKind]string{evidence.Masked: "mask.render", evidence.Preview: "mask.preview"}

// store seals what was rendered. Of a plan's preview there is one: when it is there
// already, that is the result.
func (d *Desk) store(ctx context.Context, actor evidence.Actor, p evidence.Plan, kind evidence.RenditionKind, report Report, out *os.File) (evidence.Rendition, error) {
	r := evidence.Rendition{
		ID: evidence.NewID[evidence.RenditionID]("ren"), Item: p.Item, Kind: kind, Plan: p.ID,
		Tool: report.Tool, Media: report.Media, By: actor.ID,
	}
	if _, err := out.Seek(0, io.SeekStart); err != nil {
		return r, err
	}
	stored, err := d.Renditions.Put(ctx, r.ID, out)
	if err != nil {
		return r, err
	}
	r.Size, r.Digest = stored.Size, stored.Digest
	plan, err := Digest(p.Mask)
	if err != nil {
		return r, err
	}
	made := r
	err = d.DB.Update(ctx, actor.ID, func(tx *store.Tx) error {
		if kind == evidence.Preview {
			if had, err := previewOf(&tx.View, p); err != nil {
				return err
			} else if had != nil {
				made = *had
				return errDone
			}
		}
		tx.Record(actions[kind], string(r.ID), r.Digest, plan, textDigest(r.Tool))
		if err := tx.AddRendition(&r, stored.Where); err != nil {
			return err
		}
		made = r
		return nil
	})
	if err == nil {
		return made, nil
	}
	discarded := d.Renditions.Discard(context.WithoutCancel(ctx), stored)
	if errors.Is(err, errDone) {
		return made, discarded
	}
	return made, errors.Join(err, discarded)
}

// original brings an item's content into memory that can be handed to a child.
func (d *Desk) original(ctx context.Context, actor evidence.Actor, id evidence.ItemID, reason string) (*os.File, error) {
	c, err := d.Originals.Open(ctx, actor, id, reason)
	if err != nil {
		return nil, err
	}
	defer c.Close()
	f, err := memory("original")
	if err != nil {
		return nil, err
	}
	if _, err := io.Copy(f, c.Reader()); err != nil {
		return nil, errors.Join(fmt.Errorf("read %s: %w", id, err), f.Close())
	}
	_, err = f.Seek(0, io.SeekStart)
	return f, err
}

// memory makes a file that has no name and no place on a disk (memfd_create(2)).
func memory(name string) (*os.File, error) {
	fd, err := unix.MemfdCreate(name, unix.MFD_CLOEXEC)
	if err != nil {
		return nil, fmt.Errorf("memory for media: %w", err)
	}
	return os.NewFile(uintptr(fd), name), nil
}

// textDigest is the SHA-256 of a text in hex, for the journal.
func textDigest(s string) string {
	sum := sha256.Sum256([]byte(s))
	return hex.EncodeToString(sum[:])
}

package report

import (
	"strings"

	"safehouse/internal/evidence"
)

// A frame is how a verb of saying takes what was said.
type frame int

const (
	says     frame = iota // S says (that) C; C, S says; C, says S
	tells                 // S tells O (that) C, or O to do C
	asks                  // S asks O to do C, O for C, for C; not: asks whether
	pleads                // S pleads for C
	names                 // S calls O C
	as                    // S describes O as C
	of                    // S accuses O of C
	denies                // S denies C
	declines              // S declines to comment
	shows                 // a document shows that C
)

// A cue is a verb that attributes. Its form is what it makes of the content.
type cue struct {
	frame frame
	form  evidence.Form
	shape shape
}

// A shape is the form of a verb: a bare one and one in -s may be nouns.
type shape int

const (
	bare shape = iota
	third
	past
	participle
)

// verbs are the English verbs of saying: bare, -s, past, -ing.
var verbs = []struct {
	frame frame
	form  evidence.Form
	forms string
}{
	{says, evidence.Asserts, `say says said saying; add adds added adding; state states stated stating; claim claims claimed claiming;
		report reports reported reporting; announce announces announced announcing; confirm confirms confirmed confirming;
		explain explains explained explaining; note notes noted noting; insist insists insisted insisting; argue argues argued arguing;
		allege alleges alleged alleging; testify testifies testified testifying; admit admits admitted admitting;
		acknowledge acknowledges acknowledged acknowledging; declare declares declared declaring; recall recalls recalled recalling;
		reply replies replied replying; respond responds responded responding; write writes wrote writing; believe believes believed believing;
		estimate estimates estimated estimating; predict predicts predicted predicting; stress stresses stressed stressing;
		emphasise emphasises emphasised emphasising; emphasize emphasizes emphasized emphasizing; conclude concludes concluded concluding;
		maintain maintains maintained maintaining; warn warns warned warning; complain complains complained complaining;
		reiterate reiterates reiterated reiterating; remark remarks remarked remarking; observe observes observed observing;
		suggest suggests suggested suggesting; disclose discloses disclosed disclosing; assert asserts asserted asserting;
		contend contends contended contending; fear fears feared fearing; tweet tweets tweeted tweeting`},
	{tells, evidence.Asserts, `tell tells told telling; inform informs informed informing; assure assures assured assuring; remind reminds reminded reminding`},
	{asks, evidence.Pleads, `ask asks asked asking; beg begs begged begging; implore implores implored imploring; entreat entreats entreated entreating`},
	{asks, evidence.Demands, `urge urges urged urging; press presses pressed pressing; pressure pressures pressured pressuring; order orders ordered ordering;
		demand demands demanded demanding; request requests requested requesting`},
	{pleads, evidence.Pleads, `plead pleads pleaded pleading; pray prays prayed praying`},
	{names, evidence.Asserts, `call calls called calling; label labels labelled labelling; brand brands branded branding; term terms termed terming`},
	{as, evidence.Asserts, `describe describes described describing; denounce denounces denounced denouncing; condemn condemns condemned condemning;
		criticise criticises criticised criticising; criticize criticizes criticized criticizing; portray portrays portrayed portraying`},
	{of, evidence.Asserts, `accuse accuses accused accusing`},
	{denies, evidence.Denies, `deny denies denied denying; reject rejects rejected rejecting; dismiss dismisses dismissed dismissing; refute refutes refuted refuting`},
	{declines, evidence.NoComment, `decline declines declined declining; refuse refuses refused refusing`},
	{shows, evidence.Asserts, `show shows showed showing; reveal reveals revealed revealing; indicate indicates indicated indicating`},
}

// weak ones attribute only with a clause or a quotation: "maintained that", not
// "maintained contact".
var weak = set(`believe believes believed believing recall recalls recalled recalling observe observes observed observing suggest suggests suggested suggesting
	respond responds responded responding maintain maintains maintained maintaining write writes wrote writing reply replies replied replying remark remarks remarked
	conclude concludes concluded argue argues argued fear fears feared fearing predict predicts predicted note notes noted noting indicate indicates indicated`)

// cues holds every form of every verb.
var cues = func() map[string]cue {
	out := map[string]cue{}
	for _, v := range verbs {
		for _, forms := range strings.Split(v.forms, ";") {
			for i, form := range strings.Fields(forms) {
				out[form] = cue{v.frame, v.form, shape(i)}
			}
		}
	}
	return out
}()

// sayWords are the forms that stand behind a quotation, as a pattern.
var sayWords = func() string {
	var out []string
	for _, v := range verbs {
		if v.frame != says && v.frame != tells {
			continue
		}
		for _, forms := range strings.Split(v.forms, ";") {
			out = append(out, strings.Fields(forms)[:3]...)
		}
	}
	return strings.Join(out, "|")
}()

func set(words string) map[string]bool {
	out := map[string]bool{}
	for _, w := range strings.Fields(words) {
		out[w] = true
	}
	return out
}

var (
	determiners = set(`the a an this that these those another some many several most all both each every any no his her its their our my your one two three four five six seven eight nine ten
		other such few 's`)
	pronouns     = set(`i he she it they we you one`)
	relatives    = set(`who whose whom which where`)
	joints       = set(`and or but`)
	subordinate  = set(`because after before while when as if although though since that whether until unless where whereas than how why what`)
	prepositions = set(`of in on at by for from to with without within into onto over under about against between among during through via near around
		after before since until despite amid toward towards across inside outside along behind beyond per including`)
	auxiliaries = set(`is are was were be been being has have had do does did will would can could may might shall should must cannot isn't aren't wasn't
		weren't hasn't haven't hadn't don't doesn't didn't won't wouldn't can't couldn't`)
	adverbs = set(`also later then earlier previously repeatedly reportedly again further separately meanwhile now still only recently already once
		often always never not even just publicly privately strongly flatly formally initially subsequently consistently immediately`)
	strongPast = set(`went came took made gave got saw sent fled left kept found brought thought knew began broke drove ran fell rose won lost met put set
		became felt stood spoke heard led held paid cut hit let shot sold bought caught taught fought sought built lay sat wore tore bore swore drew grew
		flew threw hid rode wrote chose stole woke comes goes takes makes gives gets sees sends flees leaves keeps finds brings faces wants needs seeks`)
	// documents can show something without a mouth.
	documents = set(`video clip footage photo photos photograph photographs picture pictures image images document documents record records report reports
		statement letter data figures survey study recording audio map file files evidence testimony testimonies account accounts message petition note`)
)

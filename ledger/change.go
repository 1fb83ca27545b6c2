package ledger

import (
	"fmt"

	"github.com/go-json-experiment/json"
)

// changeTrail is how a project came to what it is since its approval: the changes that
// stand, oldest first, each with what the project was before, as JSON. Taking a change
// back restores that, so only the last one can be.
type changeTrail string

// changeStep is one change: by which entry, and what the project was before, as far as a
// change can alter it. Its lines are the budgets of the funds that the change names.
type changeStep struct {
	Seq    Seq            `json:"seq"`
	Before ProjectChanged `json:"before"`
}

func (t changeTrail) steps() (steps []changeStep) {
	if t == "" {
		return nil
	}
	if err := json.Unmarshal([]byte(t), &steps); err != nil {
		panic(fmt.Sprintf("changes of a project: %v", err)) // we wrote it
	}
	return steps
}

// putChanges stores the changes of a project that stand.
func (s *state) putChanges(project string, steps []changeStep) {
	text, err := json.Marshal(steps)
	if err != nil {
		panic(fmt.Sprintf("changes of project %s: %v", project, err)) // plain texts and amounts
	}
	if s.changes.get(project) == nil {
		s.changes.add(project, Changes{Project: project, Trail: changeTrail(text)})
		return
	}
	s.changes.edit(project).Trail = changeTrail(text)
}

// noteChange notes what a project is before a change, and that the change stands.
func (s *state) noteChange(b *ProjectChanged, q Seq) {
	p := s.project(b.Project)
	before := ProjectChanged{
		Project: b.Project, Name: p.Name, Content: p.Content, Place: p.Place, PlaceName: p.PlaceName, Start: p.Start, Finish: p.Finish,
		Targets: p.Targets, Linkage: p.Linkage, Unit: p.Unit, Responsible: Person{Name: p.Responsible},
	}
	for _, l := range b.Budget {
		line := BudgetLine{Fund: l.Fund}
		if known := s.quota(b.Project, l.Fund); known != nil {
			line.Amount = known.Budget
		}
		before.Budget = append(before.Budget, line)
	}
	var steps []changeStep
	if row := s.changes.get(b.Project); row != nil {
		steps = row.Trail.steps()
	}
	s.putChanges(b.Project, append(steps, changeStep{q, before}))
}

// forgetChanges begins the trail anew: what an approval states holds as it is.
func (s *state) forgetChanges(project string) {
	if row := s.changes.get(project); row != nil && row.Trail != "[]" {
		s.putChanges(project, []changeStep{})
	}
}

// revert gives the project what it was before the change. Refused when another change
// followed, when the project is not approved any more, and when its budget would fall
// below what it was given since.
func (b *ProjectChanged) revert(s *state, e *Entry) {
	if s.needApproved("body.project", b.Project) == nil {
		return
	}
	var steps []changeStep
	if row := s.changes.get(b.Project); row != nil {
		steps = row.Trail.steps()
	}
	last := len(steps) - 1
	for i, step := range steps {
		if step.Seq == e.Corrects && i < last {
			s.refuseLater()
			return
		}
	}
	if last < 0 || steps[last].Seq != e.Corrects {
		s.refuse("corrects", "in_use", "该变更之后项目已重新批复，或变更记于系统升级之前，不能冲销；请用项目变更改回",
			"the project was approved anew since, or the change is from before an upgrade: change it back instead")
		return
	}
	before := steps[last].Before
	p := s.projects.edit(b.Project)
	p.Name, p.Content, p.Place, p.PlaceName, p.Start, p.Finish = before.Name, before.Content, before.Place, before.PlaceName, before.Start, before.Finish
	p.Targets, p.Linkage, p.Unit, p.Responsible = before.Targets, before.Linkage, before.Unit, before.Responsible.Name
	s.setBudget(b.Project, before.Budget)
	s.putChanges(b.Project, steps[:last])
}

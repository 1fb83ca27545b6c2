package web

import (
	"fmt"
	"html/template"
	"reflect"
	"text/template/parse"
)

// Most of what a template calls says the same to every reader of its language: labels,
// links of the navigation, the addresses of assets. That is worked out once, when the
// template is parsed, and stands in it as text: half the calls of drawing a page are gone.

// constants are the functions that say the same for the same words; they are those of
// functions, and print.
var constants = []string{"t", "href", "top", "asset", "name", "label", "zh", "english", "query"}

// folder puts into templates what is known when they are parsed.
type folder struct{ functions map[string]reflect.Value }

func newFolder(functions template.FuncMap) folder {
	f := folder{map[string]reflect.Value{"print": reflect.ValueOf(fmt.Sprint), "not": reflect.ValueOf(func(b bool) bool { return !b })}}
	for _, name := range constants {
		f.functions[name] = reflect.ValueOf(functions[name])
	}
	return f
}

// fold puts in place of each node of a list what it is known to be.
func (f folder) fold(list *parse.ListNode) error {
	if list == nil {
		return nil
	}
	var nodes []parse.Node
	for _, n := range list.Nodes {
		folded, err := f.node(n)
		if err != nil {
			return err
		}
		nodes = append(nodes, folded...)
	}
	list.Nodes = nodes
	return nil
}

// node is what a node is known to be: itself, a text, or a branch.
func (f folder) node(n parse.Node) ([]parse.Node, error) {
	var branch *parse.BranchNode
	switch n := n.(type) {
	case *parse.ActionNode:
		value, known, err := f.pipe(n.Pipe)
		if err != nil || !known {
			return []parse.Node{n}, err
		}
		return []parse.Node{&parse.TextNode{NodeType: parse.NodeText, Pos: n.Pos, Text: []byte(textOfConstant(value))}}, nil
	case *parse.IfNode:
		branch = &n.BranchNode
	case *parse.RangeNode:
		branch = &n.BranchNode
	case *parse.WithNode:
		branch = &n.BranchNode
	default:
		return []parse.Node{n}, nil
	}
	if err := f.fold(branch.List); err != nil {
		return nil, err
	}
	if err := f.fold(branch.ElseList); err != nil {
		return nil, err
	}
	value, known, err := f.pipe(branch.Pipe)
	yes, isBool := value.(bool)
	switch {
	case err != nil || !known || !isBool || n.Type() != parse.NodeIf:
		return []parse.Node{n}, err
	case yes:
		return branch.List.Nodes, nil
	case branch.ElseList != nil:
		return branch.ElseList.Nodes, nil
	}
	return nil, nil
}

// textOfConstant is how a value stands in a page. Where html/template would not take it as
// a text or a quoted attribute, none of constants stands.
func textOfConstant(value any) string {
	if attribute, ok := value.(template.HTMLAttr); ok {
		return string(attribute)
	}
	return string((&htmlWriter{}).text(fmt.Sprint(value)).html())
}

// pipe is the value of a pipeline that calls constants with words, if it is one.
func (f folder) pipe(p *parse.PipeNode) (value any, known bool, err error) {
	if len(p.Decl) > 0 || len(p.Cmds) != 1 {
		return nil, false, nil
	}
	words := p.Cmds[0].Args
	name, isName := words[0].(*parse.IdentifierNode)
	if !isName || !f.functions[name.Ident].IsValid() {
		return nil, false, nil
	}
	var args []reflect.Value
	for _, word := range words[1:] {
		arg, known, err := f.word(word)
		if err != nil || !known {
			return nil, false, err
		}
		args = append(args, reflect.ValueOf(arg))
	}
	results := f.functions[name.Ident].Call(args)
	if len(results) == 2 && !results[1].IsNil() {
		return nil, false, results[1].Interface().(error)
	}
	return results[0].Interface(), true, nil
}

// word is the value of an argument, if it is known.
func (f folder) word(n parse.Node) (any, bool, error) {
	switch n := n.(type) {
	case *parse.StringNode:
		return n.Text, true, nil
	case *parse.IdentifierNode:
		return f.pipe(&parse.PipeNode{Cmds: []*parse.CommandNode{{Args: []parse.Node{n}}}})
	case *parse.PipeNode:
		return f.pipe(n)
	}
	return nil, false, nil
}

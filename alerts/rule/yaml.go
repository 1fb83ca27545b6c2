package rule

import (
	"bytes"
	"encoding"
	"errors"
	"fmt"
	"io"
	"reflect"
	"strconv"
	"strings"

	"go.yaml.in/yaml/v4"
)

// Decode reads the one YAML document of a file into a struct and refuses
// unknown and repeated keys, values of another form, aliases and a second
// document. Every error names file, key and line.
func Decode(file string, data []byte, into any) (err error) {
	defer func() { // a hostile file must not end the process
		if broken := recover(); broken != nil {
			err = &Invalid{file, "", fmt.Sprint("cannot be read: ", broken)}
		}
	}()
	loader, err := yaml.NewLoader(bytes.NewReader(data), yaml.WithUniqueKeys())
	if err != nil {
		return err
	}
	var document, second yaml.Node
	if err := loader.Load(&document); err != nil {
		return &Invalid{file, "", "want one YAML document: " + err.Error()}
	}
	if err := loader.Load(&second); !errors.Is(err, io.EOF) {
		return &Invalid{file, "", "want one YAML document, not several"}
	}
	s := &shape{file: file}
	s.check("", &document, reflect.TypeOf(into))
	if len(s.wrong) > 0 {
		return errors.Join(s.wrong...)
	}
	if err := document.Load(into, yaml.WithUniqueKeys()); err != nil {
		return &Invalid{file, "", err.Error()}
	}
	return nil
}

// shape walks a document beside the type it will be read into, since the
// library's own errors name neither file nor key.
type shape struct {
	file  string
	wrong []error
}

func (s *shape) bad(key string, n *yaml.Node, format string, args ...any) {
	s.wrong = append(s.wrong, &Invalid{s.file, strings.TrimPrefix(key, "."), fmt.Sprintf("line %d: ", n.Line) + fmt.Sprintf(format, args...)})
}

func (s *shape) check(key string, n *yaml.Node, t reflect.Type) {
	for t.Kind() == reflect.Pointer {
		t = t.Elem()
	}
	switch empty := n.Kind == yaml.ScalarNode && n.ShortTag() == "!!null"; {
	case n.Kind == yaml.AliasNode || n.Anchor != "":
		s.bad(key, n, "write the value out, without anchor or alias")
	case n.Kind == yaml.DocumentNode && len(n.Content) == 1:
		s.check(key, n.Content[0], t)
	case empty, t == reflect.TypeFor[yaml.Node](), reflect.PointerTo(t).Implements(reflect.TypeFor[yaml.Unmarshaler]()):
		// Nothing, or what reads itself.
	case reflect.PointerTo(t).Implements(reflect.TypeFor[encoding.TextUnmarshaler]()):
		if err := reflect.New(t).Interface().(encoding.TextUnmarshaler).UnmarshalText([]byte(n.Value)); err != nil {
			s.bad(key, n, "%v", err)
		}
	case t.Kind() == reflect.Slice:
		s.list(key, n, t.Elem())
	case t.Kind() == reflect.Map || t.Kind() == reflect.Struct:
		s.mapping(key, n, t)
	case n.Kind != yaml.ScalarNode:
		s.bad(key, n, "want a single value")
	case t.Kind() == reflect.Int || t.Kind() == reflect.Int64:
		if _, err := strconv.ParseInt(n.Value, 10, 32); err != nil {
			s.bad(key, n, "%q: want a whole number", n.Value)
		}
	}
}

func (s *shape) list(key string, n *yaml.Node, of reflect.Type) {
	if n.Kind != yaml.SequenceNode {
		s.bad(key, n, "want a list: [%s]", n.Value)
		return
	}
	for i, element := range n.Content {
		s.check(fmt.Sprintf("%s[%d]", key, i), element, of)
	}
}

func (s *shape) mapping(key string, n *yaml.Node, t reflect.Type) {
	if n.Kind != yaml.MappingNode {
		s.bad(key, n, "want keys with values")
		return
	}
	for i := 0; i+1 < len(n.Content); i += 2 {
		name, of := n.Content[i], t
		if t.Kind() == reflect.Map {
			of = t.Elem()
		} else if of = fieldOf(t, name.Value); of == nil {
			s.bad(key+"."+name.Value, name, "unknown key; known are %s", strings.Join(keysOf(t), ", "))
			continue
		}
		s.check(key+"."+name.Value, n.Content[i+1], of)
	}
}

// keysOf lists the keys of a struct.
func keysOf(t reflect.Type) (keys []string) {
	for i := range t.NumField() {
		switch name, option, _ := strings.Cut(t.Field(i).Tag.Get("yaml"), ","); {
		case option == "inline":
			keys = append(keys, keysOf(t.Field(i).Type)...)
		case name != "-" && name != "":
			keys = append(keys, name)
		}
	}
	return keys
}

// fieldOf is the type behind a key, or nil.
func fieldOf(t reflect.Type, key string) reflect.Type {
	for i := range t.NumField() {
		name, option, _ := strings.Cut(t.Field(i).Tag.Get("yaml"), ",")
		if name == key && name != "" && name != "-" {
			return t.Field(i).Type
		}
		if option == "inline" {
			if found := fieldOf(t.Field(i).Type, key); found != nil {
				return found
			}
		}
	}
	return nil
}

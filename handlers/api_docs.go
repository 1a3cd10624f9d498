package handlers

import (
	"cmp"
	"fmt"
	"maps"
	"net/http"
	"slices"
	"strings"

	"github.com/danielgtaylor/huma/v2"
	"github.com/labstack/echo/v4"

	"albumen/views/apidocs"
)

// docs shows the OpenAPI document as a page of ours.
func (api *apiServer) docs(c echo.Context) error {
	doc := api.huma.OpenAPI()
	view := apidocs.Docs{Page: api.page(c), BaseURL: doc.Servers[0].URL, OpenAPIURL: apiPrefix + "/openapi.json"}
	groups := map[string][]apidocs.Operation{}
	for path, item := range doc.Paths {
		for _, op := range []*huma.Operation{item.Get, item.Post, item.Patch, item.Put, item.Delete} {
			if op != nil {
				groups[op.Tags[0]] = append(groups[op.Tags[0]], describe(doc, path, op))
			}
		}
	}
	for _, name := range slices.Sorted(maps.Keys(groups)) {
		slices.SortFunc(groups[name], func(a, b apidocs.Operation) int {
			return cmp.Or(strings.Compare(a.Path, b.Path), strings.Compare(a.Method, b.Method))
		})
		view.Groups = append(view.Groups, apidocs.Group{Name: name, Operations: groups[name]})
	}
	return api.render(c, http.StatusOK, apidocs.DocsPage(view))
}

func describe(doc *huma.OpenAPI, path string, op *huma.Operation) apidocs.Operation {
	o := apidocs.Operation{
		ID: op.OperationID, Method: op.Method, Path: path, Summary: op.Summary, Public: op.Security != nil && len(op.Security) == 0,
	}
	for _, p := range op.Parameters {
		o.Parameters = append(o.Parameters, apidocs.Field{
			Name: p.Name, Type: typeName(p.Schema), Note: cmp.Or(p.Description, p.Schema.Description), Required: p.Required,
		})
	}
	if op.RequestBody != nil {
		for _, content := range op.RequestBody.Content {
			o.Body = fieldsOf(doc, content.Schema)
		}
	}
	var codes []string
	for status, r := range op.Responses {
		switch {
		case strings.HasPrefix(status, "2"):
			if content := r.Content["application/json"]; content != nil {
				o.Answer, o.List = answerOf(doc, content.Schema)
			}
		case strings.HasPrefix(status, "4"):
			codes = append(codes, status)
		}
	}
	slices.Sort(codes)
	o.Codes = strings.Join(codes, ", ")
	return o
}

// answerOf returns the fields of an answer, or of its items where it is a list.
func answerOf(doc *huma.OpenAPI, schema *huma.Schema) ([]apidocs.Field, bool) {
	resolved := resolve(doc, schema)
	if items := resolved.Properties["items"]; items != nil && items.Items != nil {
		return fieldsOf(doc, items.Items), true
	}
	return fieldsOf(doc, schema), false
}

func fieldsOf(doc *huma.OpenAPI, schema *huma.Schema) []apidocs.Field {
	resolved := resolve(doc, schema)
	var fields []apidocs.Field
	for _, name := range slices.Sorted(maps.Keys(resolved.Properties)) {
		s := resolved.Properties[name]
		fields = append(fields, apidocs.Field{
			Name: name, Type: typeName(s), Note: s.Description, Required: slices.Contains(resolved.Required, name),
		})
	}
	return fields
}

func resolve(doc *huma.OpenAPI, s *huma.Schema) *huma.Schema {
	if s.Ref != "" {
		return doc.Components.Schemas.SchemaFromRef(s.Ref)
	}
	return s
}

// typeName is a schema's type in a few words.
func typeName(s *huma.Schema) string {
	name := s.Type
	switch {
	case s.Ref != "":
		name = "object"
	case s.Type == huma.TypeArray && s.Items != nil:
		name = typeName(s.Items) + "[]"
	case len(s.Enum) > 0:
		values := make([]string, len(s.Enum))
		for i, v := range s.Enum {
			values[i] = fmt.Sprint(v)
		}
		name = strings.Join(values, " | ")
	case s.Format != "" && s.Type == huma.TypeString:
		name = s.Format
	}
	if s.Nullable {
		name += " or null"
	}
	return name
}

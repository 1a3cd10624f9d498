package handlers

import (
	"context"
	"net/http"

	"github.com/google/uuid"

	"albumen/app"
)

type apiCategories struct {
	*apiServer
	app categoryApp
}

type apiCategory struct {
	ID   uuid.UUID `json:"id"`
	Name string    `json:"name"`
}

type apiCategoryName struct {
	Name string `json:"name" minLength:"1" maxLength:"100"`
}

type apiNewCategory struct{ Body apiCategoryName }

type apiCategoryPatch struct {
	ID   uuid.UUID `path:"id"`
	Body apiCategoryName
}

func (h apiCategories) register() {
	const tag = "categories"
	register(h.apiServer, operation(http.MethodGet, "/categories", "list-categories", tag, "The site's list of categories, by name", 401, 403), h.list)
	create := operation(http.MethodPost, "/categories", "create-category", tag, "Add a category (administrators)", 401, 403, 404, 422)
	create.DefaultStatus = http.StatusCreated
	register(h.apiServer, create, h.create)
	register(h.apiServer, operation(http.MethodPatch, "/categories/{id}", "rename-category", tag, "Rename a category (administrators)", 401, 403, 404, 422), h.rename)
	register(h.apiServer, operation(http.MethodDelete, "/categories/{id}", "delete-category", tag, "Take a category off the list (administrators)", 401, 403, 404), h.remove)
}

func (h apiCategories) list(ctx context.Context, actor app.Actor, _ *struct{}) (*apiBody[apiList[apiCategory]], error) {
	list, err := h.app.Categories(ctx, actor)
	if err != nil {
		return nil, err
	}
	out := apiList[apiCategory]{Items: []apiCategory{}}
	for _, c := range list {
		out.Items = append(out.Items, apiCategory{c.ID, c.Name})
	}
	return &apiBody[apiList[apiCategory]]{out}, nil
}

func (h apiCategories) create(ctx context.Context, actor app.Actor, in *apiNewCategory) (*apiBody[apiCategory], error) {
	c, err := h.app.CreateCategory(ctx, actor, in.Body.Name)
	if err != nil {
		return nil, err
	}
	return &apiBody[apiCategory]{apiCategory{c.ID, c.Name}}, nil
}

func (h apiCategories) rename(ctx context.Context, actor app.Actor, in *apiCategoryPatch) (*struct{}, error) {
	return nil, h.app.RenameCategory(ctx, actor, in.ID, in.Body.Name)
}

func (h apiCategories) remove(ctx context.Context, actor app.Actor, in *apiID) (*struct{}, error) {
	return nil, h.app.DeleteCategory(ctx, actor, in.ID)
}

//! Customers and products.

use axum::{
    Json,
    extract::{Path, State},
    http::{HeaderMap, StatusCode},
    response::{IntoResponse, Response},
};
use chassis::problem::Problem;
use contracts::{
    CustomerId, Money, OrderId, Quantity, Sku,
    customers::{ChangeCreditLimit, Customer, RegisterCustomer},
    warehouse::{AddProduct, ChangeProduct, Product, Restock},
};

use super::{World, key, money};

pub(super) async fn register(
    State(world): State<World>,
    headers: HeaderMap,
    Json(body): Json<RegisterCustomer>,
) -> Response {
    let (at, fresh) = (world.now(), OrderId::new(world.platform.ids.next()));
    let customer = world.change(|state| {
        // One map serves all keys: ids are ids.
        let id = CustomerId::new(state.answers.entry(key(&headers)).or_insert(fresh).uuid());
        let (limit, address) = (money(&body.credit_limit), &body.address);
        let customer = Customer {
            id,
            name: body.name.parse().unwrap(),
            email: body.email.parse().unwrap(),
            address: contracts::Address {
                line1: address.line1.parse().unwrap(),
                postal_code: address.postal_code.parse().unwrap(),
                city: address.city.parse().unwrap(),
                country: address.country.parse().unwrap(),
            },
            credit_limit: limit,
            credit_reserved: Money::zero(limit.currency()),
            credit_available: limit,
            created_at: at,
            version: 1,
        };
        state.customers.entry(id).or_insert(customer).clone()
    });
    (StatusCode::CREATED, Json(customer)).into_response()
}

pub(super) async fn limit(
    State(world): State<World>,
    Path(id): Path<CustomerId>,
    Json(body): Json<ChangeCreditLimit>,
) -> Result<Json<Customer>, Problem> {
    world.change(|state| {
        let customer = state.customers.get_mut(&id).ok_or_else(|| Problem::not_found("customer"))?;
        let limit = money(&body.credit_limit);
        if limit.amount() < customer.credit_reserved.amount() {
            return Err(Problem::unprocessable("LIMIT_BELOW_RESERVED", "More than that is reserved."));
        }
        customer.credit_limit = limit;
        state.reserve(id, |reserved| reserved);
        Ok(Json(state.customers[&id].clone()))
    })
}

pub(super) async fn add_product(State(world): State<World>, Json(body): Json<AddProduct>) -> Response {
    let product = world.change(|state| {
        let sku: Sku = body.sku.parse().unwrap();
        let on_hand = body.on_hand.try_into().unwrap();
        let product = Product {
            sku: sku.clone(),
            name: body.name.parse().unwrap(),
            unit_price: money(&body.unit_price),
            received: on_hand,
            on_hand,
            reserved: 0.try_into().unwrap(),
            available: on_hand,
            version: 1,
        };
        state.products.entry(sku).or_insert(product).clone()
    });
    (StatusCode::CREATED, Json(product)).into_response()
}

pub(super) async fn price(
    State(world): State<World>,
    Path(sku): Path<Sku>,
    Json(body): Json<ChangeProduct>,
) -> Json<Product> {
    Json(world.change(|state| {
        let product = state.products.get_mut(&sku).unwrap();
        product.unit_price = money(&body.unit_price.unwrap());
        product.clone()
    }))
}

pub(super) async fn restock(
    State(world): State<World>,
    headers: HeaderMap,
    Path(sku): Path<Sku>,
    Json(body): Json<Restock>,
) -> Json<Product> {
    let fresh = OrderId::new(world.platform.ids.next());
    Json(world.change(|state| {
        let first = state.answers.insert(key(&headers), fresh).is_none();
        let product = state.products.get_mut(&sku).unwrap();
        if first {
            let quantity = Quantity::new(body.quantity).unwrap();
            product.received = product.received.plus(quantity).unwrap();
            product.on_hand = product.on_hand.plus(quantity).unwrap();
            product.available = product.available.plus(quantity).unwrap();
        }
        product.clone()
    }))
}

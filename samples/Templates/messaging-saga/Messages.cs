namespace MessagingSaga;

sealed record ReserveGoods(Guid OrderId, string Product, int Quantity);

sealed record ReleaseGoods(Guid OrderId);

sealed record GoodsReserved(Guid OrderId);

sealed record GoodsUnavailable(Guid OrderId);

sealed record CheckoutCompleted(Guid OrderId);

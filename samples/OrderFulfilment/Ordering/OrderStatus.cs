namespace OrderFulfilment.Ordering;

public enum OrderStatus
{
    Placed,

    /// <summary>The stock is put aside.</summary>
    Reserved,

    Paid,

    /// <summary>Shipped: the end of a good order.</summary>
    Completed,

    /// <summary>Out of stock: the end.</summary>
    Rejected,

    /// <summary>The card was declined; the stock is still put aside.</summary>
    Declined,

    /// <summary>The card was declined and the stock is back on the shelf: the end.</summary>
    Cancelled,
}

"""The view that a shop adds so that shipments can be told to it: Oscar's own events, over REST, for its staff."""

from django.db import transaction
from oscar.apps.order.exceptions import InvalidShippingEvent
from oscar.core.loading import get_class, get_model
from rest_framework import status
from rest_framework.permissions import IsAdminUser
from rest_framework.response import Response
from rest_framework.views import APIView

Order = get_model("order", "Order")
ShippingEventType = get_model("order", "ShippingEventType")
EventHandler = get_class("order.processing", "EventHandler")


def _shown(event):
    lines = [{"line": one.line_id, "quantity": one.quantity} for one in event.line_quantities.all()]
    return {"id": event.id, "event_type": event.event_type.name, "notes": event.notes, "lines": lines}


class ShippingEvents(APIView):
    permission_classes = (IsAdminUser,)

    def get(self, request, pk):
        order = Order.objects.filter(pk=pk).first()
        if order is None:
            return Response({"detail": "No such order."}, status=status.HTTP_404_NOT_FOUND)
        return Response([_shown(one) for one in order.shipping_events.order_by("id")])

    def post(self, request, pk):
        order = Order.objects.filter(pk=pk).first()
        if order is None:
            return Response({"detail": "No such order."}, status=status.HTTP_404_NOT_FOUND)
        wanted = {one["line"]: one["quantity"] for one in request.data["lines"]}
        lines = list(order.lines.filter(pk__in=wanted))
        if len(lines) < len(wanted):
            return Response({"detail": "A line is not of this order."}, status=status.HTTP_400_BAD_REQUEST)
        kind, _ = ShippingEventType.objects.get_or_create(name=request.data["event_type"])
        try:
            with transaction.atomic():
                handler = EventHandler(request.user)
                quantities = [wanted[one.pk] for one in lines]
                handler.validate_shipping_event(order, kind, lines, quantities)
                event = handler.create_shipping_event(order, kind, lines, quantities, reference=request.data["notes"])
        except InvalidShippingEvent as error:
            return Response({"detail": str(error)}, status=status.HTTP_409_CONFLICT)
        return Response(_shown(event), status=status.HTTP_201_CREATED)

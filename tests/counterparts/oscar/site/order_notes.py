"""The view that a shop adds so that it can be told of invoices: Oscar's own notes of an order, over REST, for its staff."""

from django.db import transaction
from oscar.core.loading import get_class, get_model
from rest_framework import status
from rest_framework.permissions import IsAdminUser
from rest_framework.response import Response
from rest_framework.views import APIView

Order = get_model("order", "Order")
EventHandler = get_class("order.processing", "EventHandler")


def _shown(note):
    return {"id": note.id, "message": note.message}


class OrderNotes(APIView):
    permission_classes = (IsAdminUser,)

    def get(self, request, pk):
        order = Order.objects.filter(pk=pk).first()
        if order is None:
            return Response({"detail": "No such order."}, status=status.HTTP_404_NOT_FOUND)
        return Response([_shown(one) for one in order.notes.order_by("id")])

    def post(self, request, pk):
        order = Order.objects.filter(pk=pk).first()
        if order is None:
            return Response({"detail": "No such order."}, status=status.HTTP_404_NOT_FOUND)
        with transaction.atomic():
            note = EventHandler(request.user).create_note(order, request.data["message"])
        return Response(_shown(note), status=status.HTTP_201_CREATED)

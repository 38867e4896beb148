from django.apps import apps
from django.urls import include, path
from order_notes import OrderNotes
from shipping_events import ShippingEvents

urlpatterns = [
    path("i18n/", include("django.conf.urls.i18n")),
    path("api/admin/orders/<int:pk>/shipping-events/", ShippingEvents.as_view()),
    path("api/admin/orders/<int:pk>/notes/", OrderNotes.as_view()),
    path("api/", include("oscarapi.urls")),
    path("", include(apps.get_app_config("oscar").urls[0])),
]

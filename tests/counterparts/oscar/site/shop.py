"""A django-oscar shop with the interface of django-oscar-api, as a shop's own settings are written.

Runs in the counterpart's environment: `python shop.py COMMAND`, with the database's file in OSCAR_DB.
"""

import os
import sys

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "shop")

from oscar.defaults import *

SECRET_KEY = "a-shop-on-loopback-for-tests"
ALLOWED_HOSTS = ["127.0.0.1"]
ROOT_URLCONF = "paths"
SITE_ID = 1
USE_TZ = True
TIME_ZONE = "UTC"
DEBUG = False
STATIC_URL = "/static/"
DEFAULT_AUTO_FIELD = "django.db.models.BigAutoField"
EMAIL_BACKEND = "django.core.mail.backends.dummy.EmailBackend"
DATABASES = {
    "default": {
        "ENGINE": "django.db.backends.sqlite3",
        "NAME": os.environ["OSCAR_DB"],
        "ATOMIC_REQUESTS": True,
        "OPTIONS": {"timeout": 20},
    }
}
HAYSTACK_CONNECTIONS = {"default": {"ENGINE": "haystack.backends.simple_backend.SimpleEngine"}}
_OSCAR = """
    Shop
    analytics.apps.AnalyticsConfig checkout.apps.CheckoutConfig address.apps.AddressConfig shipping.apps.ShippingConfig
    catalogue.apps.CatalogueConfig catalogue.reviews.apps.CatalogueReviewsConfig
    communication.apps.CommunicationConfig partner.apps.PartnerConfig basket.apps.BasketConfig
    payment.apps.PaymentConfig offer.apps.OfferConfig order.apps.OrderConfig customer.apps.CustomerConfig
    search.apps.SearchConfig voucher.apps.VoucherConfig wishlists.apps.WishlistsConfig
    dashboard.apps.DashboardConfig dashboard.reports.apps.ReportsDashboardConfig
    dashboard.users.apps.UsersDashboardConfig dashboard.orders.apps.OrdersDashboardConfig
    dashboard.catalogue.apps.CatalogueDashboardConfig dashboard.offers.apps.OffersDashboardConfig
    dashboard.partners.apps.PartnersDashboardConfig dashboard.pages.apps.PagesDashboardConfig
    dashboard.ranges.apps.RangesDashboardConfig dashboard.reviews.apps.ReviewsDashboardConfig
    dashboard.vouchers.apps.VouchersDashboardConfig dashboard.communications.apps.CommunicationsDashboardConfig
    dashboard.shipping.apps.ShippingDashboardConfig
""".split()
INSTALLED_APPS = [
    *(f"django.contrib.{name}" for name in "admin auth contenttypes sessions messages staticfiles sites".split()),
    "django.contrib.flatpages",
    *(f"oscar.config.{name}" if name == "Shop" else f"oscar.apps.{name}" for name in _OSCAR),
    *"widget_tweaks haystack treebeard sorl.thumbnail django_tables2 rest_framework oscarapi".split(),
]
MIDDLEWARE = [
    "django.contrib.sessions.middleware.SessionMiddleware",
    "django.contrib.auth.middleware.AuthenticationMiddleware",
    "oscarapi.middleware.ApiBasketMiddleWare",
    "django.contrib.messages.middleware.MessageMiddleware",
]
AUTHENTICATION_BACKENDS = (
    "oscar.apps.customer.auth_backends.EmailBackend",
    "django.contrib.auth.backends.ModelBackend",
)
_CONTEXT = ["django.template.context_processors.request", "django.contrib.auth.context_processors.auth"]
_CONTEXT += ["django.contrib.messages.context_processors.messages"]
TEMPLATES = [
    {
        "BACKEND": "django.template.backends.django.DjangoTemplates",
        "APP_DIRS": True,
        "OPTIONS": {"context_processors": _CONTEXT},
    }
]
REST_FRAMEWORK = {
    "DEFAULT_AUTHENTICATION_CLASSES": ["rest_framework.authentication.BasicAuthentication"],
    "DEFAULT_PAGINATION_CLASS": "rest_framework.pagination.PageNumberPagination",
    "PAGE_SIZE": 4,
}
OSCAR_DEFAULT_CURRENCY = "USD"
OSCAR_INITIAL_ORDER_STATUS = "Pending"
OSCAR_ORDER_STATUS_PIPELINE = {
    "new": ("Being processed", "Cancelled"),
    "Pending": ("Being processed", "Cancelled"),
    "Being processed": ("Complete", "Cancelled"),
    "Complete": (),
    "Cancelled": (),
}
OSCARAPI_BLOCK_ADMIN_API_ACCESS = False
OSCARAPI_ORDERLINE_FIELDS = (
    "url product stockrecord quantity price_currency price_excl_tax price_incl_tax "
    "price_incl_tax_excl_discounts price_excl_tax_excl_discounts order partner_sku title"
).split()

if __name__ == "__main__":
    from django.core.management import execute_from_command_line

    execute_from_command_line(sys.argv)

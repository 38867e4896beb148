"""A shop's staff, buyer and two parts."""

import os

os.environ["DJANGO_SETTINGS_MODULE"] = "shop"
import django

django.setup()
from django.contrib.auth import get_user_model
from django.contrib.auth.models import Permission
from oscar.apps.address.models import Country
from oscar.apps.catalogue.models import Product, ProductClass
from oscar.apps.partner.models import Partner, StockRecord

users = get_user_model().objects
staff = users.create_user("staff", "staff@shop.example", "staff-pass", is_staff=True)
staff.user_permissions.set(Permission.objects.filter(codename__in=["view_order", "view_line", "view_user"]))
users.create_user("buyer", "buyer@shop.example", "buyer-pass")
users.create_superuser("owner", "owner@shop.example", "owner-pass")
Country.objects.create(
    iso_3166_1_a2="US",
    iso_3166_1_a3="USA",
    iso_3166_1_numeric="840",
    printable_name="United States",
    name="United States",
    is_shipping_country=True,
)
parts = ProductClass.objects.create(name="Part", track_stock=True)
warehouse = Partner.objects.create(name="Warehouse")
for sku, price in (("SKU-1", "19.99"), ("SKU-2", "0.35")):
    product = Product.objects.create(title=f"Part {sku}", upc=sku, product_class=parts)
    StockRecord.objects.create(
        product=product, partner=warehouse, partner_sku=sku, price_currency="USD", price=price, num_in_stock=5000
    )
